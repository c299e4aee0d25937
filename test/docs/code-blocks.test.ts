import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openEmbeddedEngine } from '../../src/engine/embedded-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { checkFunctions } from '../../src/functions/check-functions.ts';
import { readCodeBlocks, type CodeBlock } from './read-code-blocks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

const blocks = await readCodeBlocks();
const blocksIn = (language: string): CodeBlock[] => blocks.filter((block) => block.language === language);

test('every code block says its language', () => {
  expect(blocks.length).toBeGreaterThan(5);
  expect(new Set(blocks.map(({ language }) => language))).toEqual(
    new Set(['sql', 'sh', 'xml', 'yaml', 'ts', 'js', 'py', 'text']),
  );
});

describe('SQL', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await openEmbeddedEngine({
      dataPath: ':memory:',
      functionsPath: join(root, 'functions'),
      userScriptsPath: join(root, 'user_scripts'),
    });
  });
  afterAll(async () => engine.close());

  test.each(blocksIn('sql'))('$file:$line is what ClickHouse parses', async ({ code }) => {
    for (const statement of code.split(';').filter((part) => part.trim() !== '')) {
      const parsed = engine.run(/^\s*SET\b/.test(statement) ? statement : `EXPLAIN AST ${statement}`);
      await expect(parsed).resolves.toBeUndefined();
    }
  });
});

describe('definitions', () => {
  // Those of other pages name scripts of their page: udf-page.test.ts, examples-page.test.ts.
  const pagesWithScripts = new Set(['docs/udf.md', 'docs/examples.md']);
  const definitions = [...blocksIn('xml'), ...blocksIn('yaml')].filter(({ file }) => !pagesWithScripts.has(file));

  test.each(definitions)('$file:$line passes the check', async ({ code, language }) => {
    const folder = await mkdtemp(join(tmpdir(), 'embedhouse-docs-'));
    try {
      await mkdir(join(folder, 'functions'));
      await writeFile(join(folder, `functions/documented_function.${language}`), code);
      await cp(join(root, 'user_scripts'), join(folder, 'user_scripts'), { recursive: true, dereference: true });
      const { definitions, problems } = await checkFunctions({
        functionsPath: join(folder, 'functions'),
        userScriptsPath: join(folder, 'user_scripts'),
        searchPath: process.env['PATH'] ?? '',
      });
      expect(problems).toEqual([]);
      expect(definitions).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** By the words of the command. */
const helpTexts = new Map<string, Promise<string>>();

async function helpOf(subcommands: readonly string[]): Promise<string> {
  const key = subcommands.join(' ');
  const asked =
    helpTexts.get(key) ??
    run(process.execPath, [join(root, 'dist/cli/main.js'), ...subcommands, '--help']).then(({ stdout }) => stdout);
  helpTexts.set(key, asked);
  return asked;
}

describe('commands', () => {
  const packageScripts = ['test', 'run demo', 'run bench', 'install', 'install --prefix . eld ky sharp'];
  // What test/docs/examples/virtual-environment.ts does without a network.
  const pythonCommands = new Set([
    'python3 -m venv user_scripts/.venv',
    'user_scripts/.venv/bin/pip install packaging',
  ]);

  test.each(blocksIn('sh'))('$file:$line are commands with flags that exist', async ({ code }) => {
    for (const command of code
      .split(/\n|&&/)
      .map((line) => line.trim())
      .filter(Boolean)) {
      if (pythonCommands.has(command)) continue;
      const words = command.replaceAll(/"[^"]*"/g, 'SQL').split(' ');
      if (words[0] === 'npm') {
        expect(packageScripts).toContain(words.slice(1).join(' '));
        continue;
      }
      expect(words.slice(0, 2)).toEqual(['npx', 'embedhouse']);
      const subcommands = words
        .slice(2)
        .filter((word) => /^[a-z]+$/.test(word))
        .slice(0, words[2] === 'query' ? 1 : 2);
      const help = await helpOf(subcommands);
      expect(help).toContain(`embedhouse ${subcommands.join(' ')}`);
      for (const flag of words.filter((word) => word.startsWith('--'))) {
        expect(help).toContain(flag);
      }
    }
  });
});
