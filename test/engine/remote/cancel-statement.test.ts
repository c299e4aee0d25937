import { PassThrough } from 'node:stream';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { openRemoteEngine } from '../../../src/engine/remote/remote-engine.ts';
import { read, scriptsFolder } from '../open-test-engine.ts';
import { startTestServer, type TestServer } from './start-test-server.ts';

let server: TestServer;
let engine: Engine;
/** Another client of the server. */
let other: Engine;

beforeAll(async () => {
  server = await startTestServer({
    functionsPath: `${scriptsFolder}/functions`,
    userScriptsPath: `${scriptsFolder}/user_scripts`,
  });
  engine = await openRemoteEngine({ url: server.url });
  other = await openRemoteEngine({ url: server.url });
});

afterAll(async () => {
  await other?.close();
  await engine?.close();
  await server?.stop();
});

const cancelled = { code: 'QUERY_CANCELLED' };

/** How many statements with `text` the server runs, but this one. */
async function running(text: string): Promise<number> {
  const rows = await other.rows<{ running: number }>(
    "SELECT count() AS running FROM system.processes WHERE position(query, {text:String}) > 0 AND NOT has(splitByChar(' ', query), 'system.processes')",
    { params: { text } },
  );
  return rows[0]?.running ?? 0;
}

/** Aborts once a statement that holds `text` is running. */
function abortWhenRunning(text: string): AbortSignal {
  const controller = new AbortController();
  const watch = async (): Promise<void> => {
    while ((await running(text)) === 0);
    controller.abort();
  };
  void watch();
  return controller.signal;
}

test.each([
  ['while it computes', 'SELECT sum(sipHash64(number)) FROM numbers(100000000000)'],
  ['in the middle of a result', 'SELECT number FROM numbers(100000000000)'],
  ['in an INSERT SELECT', "INSERT INTO FUNCTION null('n UInt64') SELECT number FROM numbers(100000000000)"],
])('a statement is cancelled on the server %s, and the next one works', async (_, sql) => {
  await expect(read(engine, sql, { signal: abortWhenRunning(sql) })).rejects.toMatchObject(cancelled);
  await expect.poll(async () => running(sql)).toBe(0);
  expect(await read(engine, 'SELECT 1')).toBe('1\n');
});

test('the statements after the cancelled one do not run', async () => {
  const signal = abortWhenRunning('numbers(100000000001)');
  const sql =
    'SELECT sum(sipHash64(number)) FROM numbers(100000000001); CREATE TABLE after_cancel (a UInt8) ENGINE = Memory';
  await expect(engine.run(sql, { signal })).rejects.toMatchObject(cancelled);
  expect(await read(engine, 'EXISTS TABLE after_cancel')).toBe('0\n');
});

test('a statement is cancelled while its output takes nothing', async () => {
  const controller = new AbortController();
  const output = new PassThrough();
  const run = engine.run('SELECT number FROM numbers(100000000002)', { output, signal: controller.signal });
  output.once('readable', () => controller.abort());
  await expect(run).rejects.toMatchObject(cancelled);
  await expect.poll(async () => running('numbers(100000000002)')).toBe(0);
});

test('rows are cancelled too, many at a time', async () => {
  const signal = AbortSignal.timeout(1000);
  const sql = 'SELECT sum(sipHash64(number)) FROM numbers(100000000003)';
  const reads = Array.from({ length: 6 }, async () => engine.rows(sql, { signal }).catch((error: unknown) => error));
  for (const error of await Promise.all(reads)) expect(error).toMatchObject(cancelled);
  await expect.poll(async () => running('numbers(100000000003)')).toBe(0);
});

test('a signal that has fired already keeps the statement from starting', async () => {
  const options = { signal: AbortSignal.abort() };
  const sql = 'CREATE TABLE never (a UInt8) ENGINE = Memory';
  await expect(read(engine, sql, options)).rejects.toMatchObject(cancelled);
  await expect(engine.rows(sql, options)).rejects.toMatchObject(cancelled);
  expect(await read(engine, 'EXISTS TABLE never')).toBe('0\n');
});

test("runs the server's functions and tells how their scripts fail", async () => {
  await engine.reloadFunctions();
  expect(await read(engine, "SELECT sleeps('0')")).toBe('0\n');
  await expect(read(engine, "SELECT exits_3('x')")).rejects.toMatchObject({
    clickhouseCode: 754,
    message: expect.stringContaining("function 'exits_3' failed: its script ended with exit code 3"),
  });
});

test('closing cancels what runs on the server and ends the session, once', async () => {
  const closing = await openRemoteEngine({ url: server.url });
  await closing.run('CREATE TEMPORARY TABLE held (a UInt8)');
  const slow = closing
    .rows('SELECT sum(sipHash64(number)) FROM numbers(100000000004)')
    .catch((error: unknown) => error);
  const suspended = closing.stream('SELECT number FROM numbers(100000000005)');
  expect((await suspended.next()).done).toBe(false);
  await expect.poll(async () => running('numbers(100000000004)')).toBe(1);
  await Promise.all([closing.close(), closing.close()]);
  expect(await slow).toMatchObject(cancelled);
  await expect.poll(async () => running('numbers(10000000000')).toBe(0);
  await expect(suspended.next()).rejects.toMatchObject(cancelled);
  await expect(closing.run('SELECT 1')).rejects.toMatchObject(cancelled);
});
