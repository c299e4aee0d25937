import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { openEmbeddedEngine } from '../../src/engine/embedded-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { QueryError } from '../../src/engine/query-error.ts';
import { splitStatements } from '../../src/engine/split-statements.ts';
import { makeSandbox, repositoryPath, type Sandbox } from '../cli/sandbox.ts';
import { read } from '../engine/open-test-engine.ts';
import { outputPattern } from './output-pattern.ts';
import { readCodeBlocks } from './read-code-blocks.ts';

const blocks = (await readCodeBlocks()).filter(({ file }) => file === 'docs/vector-search.md');

/** The lines of a block with its fences, and the empty one after it. */
const linesOf = (code: string): number => code.split('\n').length - 1 + 2 + 1;

/** The page's SQL, each block with what the page prints directly after it: the output of its last statement. */
const examples = blocks
  .map(({ line, language, code }, index) => {
    const next = blocks[index + 1];
    const isFollowed = next?.language === 'text' && next.line === line + linesOf(code);
    return { line, language, code, printed: isFollowed ? next.code : undefined };
  })
  .filter(({ language }) => language === 'sql');

let sandbox: Sandbox;
let engine: Engine;

beforeAll(async () => {
  sandbox = await makeSandbox({ EMBEDHOUSE_MODEL: 'emoji-clip' });
  const dataPath = join(sandbox.path, 'data');
  const demo = await sandbox.run(['demo', '--data', dataPath, '--pictures', join(sandbox.path, 'pictures')]);
  expect({ exitCode: demo.exitCode, stderr: demo.stderr }).toEqual({ exitCode: 0, stderr: '' });
  // The functions' scripts have the environment of the process that the engine is in.
  for (const name of ['EMBEDHOUSE_RUNTIME', 'EMBEDHOUSE_GRAPHS', 'EMBEDHOUSE_MODEL']) {
    process.env[name] = sandbox.env[name];
  }
  engine = await openEmbeddedEngine({
    dataPath,
    functionsPath: join(repositoryPath, 'functions'),
    userScriptsPath: join(repositoryPath, 'user_scripts'),
    // Graphs that several threads build differ from one time to the next, and may miss a row.
    indexThreads: 1,
  });
}, 180_000);

afterAll(async () => {
  await engine?.close();
  await sandbox?.remove();
});

test('every printed output of the page is compared', () => {
  const printed = examples.filter((example) => example.printed !== undefined);
  expect(printed.length).toBe(blocks.filter(({ language }) => language === 'text').length);
  expect(printed.length).toBeGreaterThan(60);
  expect(printed.filter((example) => !/\w/.test(example.printed?.replaceAll('…', '') ?? ''))).toEqual([]);
});

test.each(examples)('docs/vector-search.md:$line does what the page says', async ({ code, printed }) => {
  const statements = splitStatements(code);
  const last = statements.pop() ?? '';
  for (const statement of statements) {
    await engine.run(statement);
  }
  const output = await outputOf(last);
  if (printed === undefined) {
    expect(output).toBe('');
  } else if (!outputPattern(printed).test(output)) {
    // Fails with the lines that differ.
    expect(output).toBe(printed.trimEnd());
  }
});

/** What a terminal shows: the result, or the message of ClickHouse's error. */
async function outputOf(statement: string): Promise<string> {
  try {
    return (await read(engine, statement, { format: 'PrettyCompactMonoBlock' })).trimEnd();
  } catch (error) {
    if (error instanceof QueryError) return error.message.trimEnd();
    throw error;
  }
}

test('ClickHouse tells on stderr that it loads an index, if asked for its trace', async () => {
  const sql = `
    CREATE TABLE points (id Int32, v Array(Float32), INDEX v_index v TYPE vector_similarity('hnsw', 'L2Distance', 2)) ENGINE = MergeTree ORDER BY id;
    INSERT INTO points VALUES (1, [1, 0]), (2, [0, 1]);
    SELECT id FROM points ORDER BY L2Distance(v, [1., 0.]) LIMIT 1 SETTINGS send_logs_level = 'trace'`;
  const { stdout, stderr } = await sandbox.run(['query', sql]);
  expect(stdout).toBe('1\n');
  expect(stderr).toMatch(/Start loading vector similarity index\n/);
  expect(stderr).toMatch(/Loaded vector similarity index: .*connectivity = 32, .*nodes = 2, edges = \d+/);
});
