import { rename } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { ExamplesHome } from './examples-home.ts';
import { addVirtualEnvironment } from './virtual-environment.ts';

let home: ExamplesHome;
let noPython: string | undefined;

beforeAll(async () => {
  home = await ExamplesHome.make(`embedhouse "kit" & it's -`);
  noPython = await addVirtualEnvironment(home.home);
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

test('a script finds its virtual environment in a folder whose path has blanks and quotes', async ({ skip }) => {
  if (noPython !== undefined) skip(noPython);
  expect(await home.query(`SELECT satisfies('1.10', '>=1.9')`)).toBe('true\n');
  // The package is in that environment alone.
  const own = await execa('python3', ['-I', '-c', 'import sys; print(sys.prefix == sys.base_prefix)']);
  expect(own.stdout).toBe('True');
});

test('what pip says of versions', async ({ skip }) => {
  if (noPython !== undefined) skip(noPython);
  // From the examples of https://packaging.python.org/en/latest/specifications/version-specifiers/
  const sql = `
    SELECT satisfies(version, wanted)
    FROM values('version String, wanted String', ('2.2.post3', '~=2.2'), ('3.0', '~=2.2'), ('1.1.post1', '==1.1.*'),
      ('1.7.1', '>1.7'), ('1.7.0.post1', '>1.7'), ('', '>=1'), ('1.0', ''))`;
  expect(await home.query(sql)).toBe('true\nfalse\ntrue\ntrue\nfalse\n\\N\ntrue\n');
});

test('a requirement that is none is an error with its row', async ({ skip }) => {
  if (noPython !== undefined) skip(noPython);
  expect(await home.failingQuery(`SELECT satisfies('1.0', 'newest')`)).toMatch(
    /failed at row 1 \('1\.0', 'newest'\): InvalidSpecifier: .*\(satisfies\.py:13\)/,
  );
});

test('without the environment a query fails, and `functions test` names what is missing', async () => {
  const { userScriptsPath } = home.home;
  if (noPython === undefined) await rename(join(userScriptsPath, '.venv'), join(userScriptsPath, 'elsewhere'));
  // With the reason, unless the shell had ended before ClickHouse wrote to it.
  expect(await home.failingQuery(`SELECT satisfies('1.0', '>=1')`)).toMatch(/not found|had ended before it was asked/);
  const { stdout } = await home.run(['functions', 'test', 'satisfies', '1.0', '>=1']);
  expect(stdout).toMatch(/\.venv\/bin\/python: not found/);
});

test('the environment moves with the folder', async ({ skip }) => {
  if (noPython !== undefined) skip(noPython);
  const { userScriptsPath } = home.home;
  await rename(join(userScriptsPath, 'elsewhere'), join(userScriptsPath, '.venv'));
  const moved = `${userScriptsPath} moved`;
  await rename(userScriptsPath, moved);
  const { stdout } = await execa(join(moved, 'satisfies.py'), { input: '1.10\t>=1.9\n' });
  expect(stdout).toBe('true');
  await rename(moved, userScriptsPath);
});
