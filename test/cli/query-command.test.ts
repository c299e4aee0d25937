import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { makeSandbox, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox();
});

afterAll(async () => {
  await sandbox.remove();
});

test('runs several statements in one session, TabSeparated where stdout is no terminal', async () => {
  const sql = `
    SET param_target = [0.5, 2];
    CREATE TABLE notes (id UInt8, note String) ENGINE = MergeTree ORDER BY id;
    INSERT INTO notes VALUES (1, 'a;b'), (2, 'c\td');
    SELECT * FROM notes ORDER BY id; -- a comment; with a semicolon
    SELECT {target:Array(Float32)} AS target`;
  expect(await sandbox.query(sql)).toBe('1\ta;b\n2\tc\\td\n[0.5,2]\n');
});

test('takes parameters and a format, which a statement can overrule', async () => {
  const sql = "SELECT {x:UInt8} + 1 AS y; SELECT {t:String} AS t; SELECT 'a' AS b FORMAT CSV";
  const options = ['--param', 'x=41', '--param', "t=it's = a 'quote'", '--format', 'JSONEachRow'];
  expect(await sandbox.run(['query', ...options, sql])).toEqual({
    exitCode: 0,
    stdout: '{"y":42}\n{"t":"it\'s = a \'quote\'"}\n"a"\n',
    stderr: '',
  });
});

test('reads statements from a file and from stdin', async () => {
  const file = join(sandbox.path, "it's a file.sql");
  await writeFile(file, 'SELECT 1;\nSELECT 2\n');
  const done = { exitCode: 0, stderr: '' };
  expect(await sandbox.run(['query', '--file', file])).toEqual({ ...done, stdout: '1\n2\n' });
  expect(await sandbox.run(['query'], { input: 'SELECT 3' })).toEqual({ ...done, stdout: '3\n' });
  expect(await sandbox.run(['query', '--file', '-'], { input: 'SELECT 4' })).toEqual({ ...done, stdout: '4\n' });
  expect(await sandbox.run(['query', ''], { input: 'SELECT 5' })).toEqual({ ...done, stdout: '' });
});

test('a file that cannot be read is named', async () => {
  const { exitCode, stdout, stderr } = await sandbox.run(['query', '--file', '/not/there.sql']);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^embedhouse: cannot read the SQL from '\/not\/there\.sql': [^\n]*\n$/);
  expect(exitCode).toBe(1);
});

test('a failing statement ends the run with its reason; results before it stay', async () => {
  const { exitCode, stdout, stderr } = await sandbox.run(['query', 'SELECT 1; SELEC 2; SELECT 3']);
  expect(stdout).toBe('1\n');
  expect(stderr).toMatch(
    /^embedhouse: Syntax error: failed at position \d+ \(2\): 2\. [^\n]*\(code 62, SYNTAX_ERROR; statement 2 of 3\)\n$/,
  );
  expect(exitCode).toBe(1);
});

test('an error in the middle of a query comes without a stack of addresses', async () => {
  const line = await sandbox.failingQuery("SELECT throwIf(number = 99999, 'too far') FROM numbers(100000) FORMAT Null");
  expect(line).toContain('too far');
  expect(line).toContain('(code 395, FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)');
  expect(line).not.toMatch(/0x[0-9a-f]{6}|Stack trace|version/);
});

test('keeps tables in the data folder from one run to the next', async () => {
  const env = { EMBEDHOUSE_DATA: join(sandbox.path, 'kept data') };
  await sandbox.query('CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a; INSERT INTO t VALUES (7)', { env });
  expect(await sandbox.query('SELECT a FROM t', { env })).toBe('7\n');
});
