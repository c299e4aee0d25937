import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testFunction } from '../../src/cli/test-function.ts';
import { openEmbeddedEngine } from '../../src/engine/embedded-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { FunctionDefinition } from '../../src/functions/function-definition.ts';
import { readFunctionFiles } from '../../src/functions/read-definitions.ts';
import { catalogue } from './misbehaving-catalogue.ts';
import type { CatalogueEntry, Misbehaviour } from './misbehaviour.ts';
import { listMarkedProcesses, markProcesses } from './marked-processes.ts';

const home = fileURLToPath(new URL('../fixtures/misbehaving', import.meta.url));
const userScriptsPath = join(home, 'user_scripts');

let engine: Engine;
let folder: string;
let definitions: ReadonlyMap<string, FunctionDefinition>;

beforeAll(async () => {
  markProcesses();
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-test-'));
  const functionsPath = join(home, 'functions');
  definitions = new Map((await readFunctionFiles(functionsPath)).definitions.map((each) => [each.name, each]));
  engine = await openEmbeddedEngine({ dataPath: ':memory:', functionsPath, userScriptsPath });
});

afterAll(async () => {
  await engine.close();
  expect(await listMarkedProcesses()).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});

const argumentOf = ({ argumentLength = 0 }: CatalogueEntry): string =>
  `concat(toString(number), repeat('x', ${argumentLength}))`;

async function query(name: string, entry: CatalogueEntry): Promise<string[]> {
  const call = `${name}(${argumentOf(entry)})`;
  const expression = entry.expression?.(call) ?? call;
  // What never ends must not take all memory.
  const sql = `SELECT toString(${expression}) AS answer FROM numbers(${entry.rows ?? 3}) SETTINGS max_memory_usage = 400000000`;
  return (await engine.rows<{ answer: string }>(sql)).map(({ answer }) => answer);
}

async function expectSql(name: string, entry: CatalogueEntry, expected: Misbehaviour['sql']): Promise<void> {
  if (expected instanceof RegExp) {
    const error: unknown = await query(name, entry).then(
      (rows) => rows,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'QUERY_FAILED', message: expect.stringMatching(expected) });
    expect(error).toMatchObject({ message: expect.not.stringMatching(/Stack trace|@ 0x|\(version /i) });
  } else {
    expect(await query(name, entry)).toEqual(expected);
  }
}

const cases = catalogue.flatMap((entry) => [
  { name: entry.name, entry, expected: entry.executable },
  { name: `${entry.name}_pool`, entry, expected: entry.pool },
]);

describe.concurrent('in SQL', () => {
  test.each(cases)('$name', async ({ name, entry, expected }) => {
    await expectSql(name, entry, expected.sql);
    expect(await engine.rows("SELECT answers('next') AS answer")).toEqual([{ answer: 'next' }]);
    if (expected.next === undefined) return;
    // Longer than the scripts' own moment.
    await sleep(500);
    await expectSql(name, entry, expected.next);
  });
});

describe.concurrent('functions test', () => {
  test.each(cases)('$name', async ({ name, entry, expected: { errors = [], notes = [] } }) => {
    const definition = definitions.get(name);
    if (definition === undefined) throw new Error(`there is no function ${name}`);
    const rowsPath = join(folder, `${name}.tsv`);
    const rows = Array.from(
      { length: entry.rows ?? 3 },
      (_, row) => `${row}${'x'.repeat(entry.argumentLength ?? 0)}\n`,
    );
    await writeFile(rowsPath, rows.join(''));
    const repeat = definition.type === 'executable_pool' ? 2 : 1;
    const { findings } = await testFunction(engine, {
      definition,
      userScriptsPath,
      rowsPath,
      repeat,
      mostWaitMs: 10_000,
    });
    const said = (severity: string): string[] =>
      findings.filter((finding) => finding.severity === severity).map(({ message }) => message);
    expect({ errors: said('error'), notes: said('note') }).toEqual({
      errors: errors.map((pattern): unknown => expect.stringMatching(pattern)),
      notes: notes.map((pattern): unknown => expect.stringMatching(pattern)),
    });
  });
});

test('every function of the folder is in the catalogue', async () => {
  const names = cases.map(({ name }) => name);
  // Its queries wait for ever: see hanging-scripts.test.ts.
  names.push('closes_stdout', 'closes_stdout_pool');
  expect(names.toSorted()).toEqual([...definitions.keys()].toSorted());
  const scripts = new Set([...definitions.values()].map(({ command }) => command));
  expect([...scripts].toSorted()).toEqual((await readdir(userScriptsPath)).toSorted());
  for (const script of scripts) expect(await readFile(join(userScriptsPath, script), 'utf8')).not.toBe('');
});
