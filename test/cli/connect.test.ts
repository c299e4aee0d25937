import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { startTestServer, type TestServer } from '../engine/remote/start-test-server.ts';
import { makeSandbox, type Sandbox } from './sandbox.ts';

const password = 'its-password';
let sandbox: Sandbox;
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ user: 'someone', password });
  sandbox = await makeSandbox({ EMBEDHOUSE_PASSWORD: password });
});

afterAll(async () => {
  await sandbox?.remove();
  await server?.stop();
});

const url = (): string => server.url.replace('//', '//someone@');
const done = { exitCode: 0, stderr: '' };

test('query runs on the server, with the password from the environment', async () => {
  const sql =
    'CREATE TABLE kept (a UInt8) ENGINE = Memory; INSERT INTO kept VALUES (7); SELECT {x:String}, a FROM kept';
  const args = ['query', '--connect', url(), '--param', 'x=a\tb', sql];
  expect(await sandbox.run(args)).toEqual({ ...done, stdout: 'a\\tb\t7\n' });
  expect(await sandbox.run(['query', '--connect', url(), 'SELECT a FROM kept'])).toEqual({ ...done, stdout: '7\n' });
});

test('the server can be named in the environment; a data folder on the command line counts more', async () => {
  const env = { EMBEDHOUSE_CONNECT: url(), EMBEDHOUSE_DATA: undefined };
  const sql = "SELECT count() FROM system.tables WHERE name = 'only_there'";
  await sandbox.query('CREATE TABLE only_there (a UInt8) ENGINE = Memory', { env });
  expect(await sandbox.query(sql, { env })).toBe('1\n');
  expect(await sandbox.run(['query', '--data', ':memory:', sql], { env })).toEqual({ ...done, stdout: '0\n' });
  expect(await sandbox.query(sql, { env: { EMBEDHOUSE_CONNECT: '' } })).toBe('0\n');
});

test.each([
  [['query', '--connect', 'URL', '--data', ':memory:', 'SELECT 1'], '--connect and --data are both given'],
  [['query', '--connect', 'host:8123', 'SELECT 1'], "the address of the server 'host:8123' is no URL"],
  [['query', '--connect', 'URL', '--model', 'emoji-clip', 'SELECT 1'], '--model chooses for functions on this machine'],
  [['demo', '--connect', 'URL'], 'leave out --connect'],
])('wrong usage is told: %j', async (args, message) => {
  const { exitCode, stdout, stderr } = await sandbox.run(args.map((arg) => (arg === 'URL' ? url() : arg)));
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^embedhouse: [^\n]*\n$/);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(2);
});

test('a server and a data folder in the environment are one too many', async () => {
  const { exitCode, stderr } = await sandbox.run(['query', 'SELECT 1'], { env: { EMBEDHOUSE_CONNECT: url() } });
  expect(stderr).toContain('EMBEDHOUSE_CONNECT and EMBEDHOUSE_DATA are both given');
  expect(exitCode).toBe(2);
});

test('no output holds a password', async () => {
  const env = { EMBEDHOUSE_PASSWORD: 'password-beside' };
  for (const address of [url(), url().replace('someone', 'someone:password-within'), 'http://a:password-within@x:y/']) {
    const { stdout, stderr } = await sandbox.run(['query', '--connect', address, 'SELECT 1'], { env });
    expect(stderr).toMatch(/^embedhouse: [^\n]*\n$/);
    expect(stdout + stderr).not.toContain('password-');
  }
});

test("a server's functions are its own: the home's files are not looked at", async () => {
  const home = join(sandbox.path, 'broken home');
  await mkdir(join(home, 'functions'), { recursive: true });
  await writeFile(join(home, 'functions/broken_function.xml'), '<functions>');
  const args = ['--home', home, 'query', 'SELECT 1'];
  expect((await sandbox.run(args)).stderr).toContain('broken_function.xml');
  expect(await sandbox.run([...args, '--connect', url()])).toEqual({ ...done, stdout: '1\n' });
  expect((await sandbox.run(['--home', home, 'functions', 'check', '--connect', url()])).exitCode).toBe(1);
});

test('Ctrl-C cancels the statement on the server', async () => {
  const sql = 'SELECT sum(sipHash64(number)) FROM numbers(100000000009)';
  const { pid, ended, stdout } = sandbox.start(['query', '--connect', url(), sql]);
  stdout.resume();
  const list = `SELECT count() FROM system.processes WHERE query LIKE '${sql.slice(0, 20)}%'`;
  const running = async (): Promise<string> => (await sandbox.run(['query', '--connect', url(), list])).stdout;
  await expect.poll(running, { timeout: 20_000 }).toBe('1\n');
  process.kill(pid, 'SIGINT');
  expect(await ended).toEqual({ exitCode: 130, stderr: 'embedhouse: the query was cancelled\n' });
  await expect.poll(running, { timeout: 20_000 }).toBe('0\n');
});
