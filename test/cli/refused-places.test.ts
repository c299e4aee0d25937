import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { makeSandbox, programPath, tinyModel, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let file: string;

beforeAll(async () => {
  sandbox = await makeSandbox();
  file = join(sandbox.path, 'a file');
  await writeFile(file, '');
});

afterAll(async () => {
  await sandbox.remove();
});

test.skipIf(!existsSync('/dev/full')).each([
  ['query', 'SELECT 1'],
  ['models', 'list'],
])('an output that cannot be written is said in one line: %s (skipped without /dev/full)', async (...args) => {
  // By a shell: execa would give the program a pipe, and copy to the file itself.
  const line = ['-c', 'exec "$0" "$@" >/dev/full', process.execPath, programPath, ...args];
  const { exitCode, stderr } = await execa('/bin/sh', line, {
    env: { ...sandbox.env, ...tinyModel },
    extendEnv: false,
    reject: false,
  });
  expect(stderr).toMatch(/^embedhouse: the (result|output) could not be written \(ENOSPC[^\n]*$/);
  expect(exitCode).toBe(1);
});

test('a home, a temporary or a data folder that cannot be made is named with its flag', async () => {
  const below = join(file, 'x');
  expect(await sandbox.failingQuery('SELECT 1', { env: { EMBEDHOUSE_HOME: below } })).toContain('with --home\n');
  expect(await sandbox.failingQuery('SELECT 1', { env: { EMBEDHOUSE_DATA: below } })).toContain('with --data\n');
  expect(await sandbox.failingQuery('SELECT 1', { env: { TMPDIR: below } })).toContain('set TMPDIR to a folder');
});

test('a runtime folder that cannot be used is named to queries and to host commands', async () => {
  const env = { ...tinyModel, EMBEDHOUSE_RUNTIME: file };
  const line =
    /^embedhouse: (encode_text: )?[^\n]*a file[^\n]*: set EMBEDHOUSE_RUNTIME to a folder that you can write to\n$/;
  expect(await sandbox.failingQuery("SELECT encode_text('a')", { env })).toMatch(line);
  for (const command of ['start', 'status', 'stop']) {
    expect((await sandbox.run(['host', command], { env })).stderr).toMatch(line);
  }
});

test('a script that is a link to nothing is told from one that is missing', async () => {
  const home = join(sandbox.path, 'home with a link');
  await mkdir(join(home, 'functions'), { recursive: true });
  await mkdir(join(home, 'user_scripts'));
  await symlink('../gone.js', join(home, 'user_scripts/gone'));
  await writeFile(
    join(home, 'functions/gone_function.xml'),
    '<functions><function><type>executable</type><name>gone</name><return_type>String</return_type><format>TabSeparated</format><command>gone</command></function></functions>',
  );
  const { exitCode, stdout } = await sandbox.run(['functions', 'check', '--home', home]);
  expect(stdout).toContain(
    'is a link to ../gone.js, which does not exist; put the program there, or remove the link\n',
  );
  expect(exitCode).toBe(1);
});
