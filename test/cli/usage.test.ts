import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { makeSandbox, programPath, repositoryPath, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox();
});

afterAll(async () => {
  await sandbox.remove();
});

test('every command explains itself on stdout, and the main ones with examples', async () => {
  const commands = [
    [],
    ['query'],
    ['functions'],
    ['functions', 'list'],
    ['functions', 'check'],
    ['functions', 'new'],
    ['models'],
    ['models', 'list'],
    ['models', 'show'],
    ['host'],
    ['host', 'run'],
    ['host', 'start'],
    ['host', 'stop'],
    ['host', 'status'],
    ['demo'],
  ];
  const answers = await Promise.all(commands.map(async (command) => sandbox.run([...command, '--help'])));
  for (const [index, command] of commands.entries()) {
    const { exitCode, stdout, stderr } = answers[index] ?? {};
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain(`Usage: ${['embedhouse', ...command].join(' ')} `.trimEnd());
    expect(stdout).toContain('--home <dir>');
    expect(stdout).not.toContain('{}');
    if (command.length === 0 || command[0] === 'query') {
      expect(stdout).toMatch(/\nExamples:\n {2}embedhouse /);
    }
  }
});

test("prints the package's version", async () => {
  const { version } = JSON.parse(await readFile(join(repositoryPath, 'package.json'), 'utf8')) as { version: string };
  expect(await sandbox.run(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

test('loads no onnxruntime, which would report its use to its maker, for what runs no model', async () => {
  const preload = join(sandbox.path, 'say-what-is-loaded.mjs');
  await writeFile(
    preload,
    `process.on('exit', () => {
      const loaded = process.report.getReport().sharedObjects.filter((file) => file.includes('onnxruntime'));
      process.stdout.write(JSON.stringify(loaded));
    });`,
  );
  const args = ['--import', preload, programPath, 'models', 'list', '--json'];
  const { stdout } = await execa(process.execPath, args, { cwd: repositoryPath, env: sandbox.env, extendEnv: false });
  expect(stdout).toMatch(/"emoji-clip".*\n\[\]$/s);
});

test.each([
  [['nonsense'], "error: unknown command 'nonsense'\n"],
  [['functions', 'nonsense'], "error: unknown command 'nonsense'\n"],
  [['query', '--nonsense', 'SELECT 1'], "error: unknown option '--nonsense'\n"],
  [['query', 'SELECT 1', 'SELECT 2'], 'error: too many arguments'],
  [['query', '--param', 'x', 'SELECT 1'], "argument 'x' is invalid. expected name=value\n"],
  [['query', '--param', 'a b=1', 'SELECT 1'], "'a b'"],
  [['query', 'SELECT 1', '--file', 'x.sql'], 'the SQL is given twice'],
  [['host', 'run', '--threads', 'many'], "argument 'many' is invalid"],
  [[], 'Usage: embedhouse'],
])('wrong usage is explained on stderr and ends with 2: %j', async (args, message) => {
  const { exitCode, stdout, stderr } = await sandbox.run(args);
  expect(stdout).toBe('');
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(exitCode).toBe(2);
});
