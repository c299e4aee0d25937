import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { openRemoteEngine } from '../../../src/engine/remote/remote-engine.ts';
import { openTestEngine, read } from '../open-test-engine.ts';
import { startTestServer, type TestServer } from './start-test-server.ts';

let server: TestServer;
let engine: Engine;
let embedded: Engine;

beforeAll(async () => {
  server = await startTestServer();
  engine = await openRemoteEngine({ url: server.url });
  embedded = await openTestEngine();
  await engine.run('CREATE TABLE pairs (id UInt64, text String) ENGINE = MergeTree ORDER BY id');
});

beforeEach(async () => engine.run('TRUNCATE TABLE pairs'));

afterAll(async () => {
  await engine?.close();
  await embedded?.close();
  await server?.stop();
});

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

/** Lines of TabSeparated for as long as they are taken. */
async function* endless(): AsyncGenerator<Uint8Array> {
  const lines = Buffer.from('1\tone\n'.repeat(10_000));
  for (;;) yield lines;
}

const count = async (): Promise<string> => read(engine, 'SELECT count() FROM pairs');

test('inserts what comes in pieces, whole', async () => {
  await engine.insert('pairs (text, id)', {
    format: 'JSONEachRow',
    data: chunks('{"id":1,"te', 'xt":"it\'s; \\n"}\n'),
  });
  expect(await read(engine, 'SELECT id, text FROM pairs')).toBe("1\tit\\'s; \\n\n");
});

test("streams from the embedded engine's result, many blocks into one part", async () => {
  const sql = "SELECT number AS id, repeat('x', 100) AS text FROM numbers(2000000) SETTINGS max_block_size = 10000";
  await engine.insert('pairs', { format: 'Native', data: embedded.stream(sql, { format: 'Native' }) });
  expect(await engine.rows('SELECT count() AS n, uniqExact(id) AS ids, sum(length(text)) AS bytes FROM pairs')).toEqual(
    [{ n: 2_000_000, ids: 2_000_000, bytes: 200_000_000 }],
  );
  expect(await engine.rows("SELECT rows FROM system.parts WHERE table = 'pairs' AND active")).toEqual([
    { rows: 2_000_000 },
  ]);
});

test('holds up the source when the server is slow, and does not keep the data', async () => {
  const chunk = Buffer.from('1\tone\n'.repeat(2_000_000));
  const before = process.memoryUsage().rss;
  let most = 0;
  async function* large(): AsyncGenerator<Uint8Array> {
    for (let n = 0; n < 60; n++) {
      most = Math.max(most, process.memoryUsage().rss);
      yield chunk;
    }
  }
  await engine.insert("FUNCTION null('id UInt64, text String')", { format: 'TSV', data: large() });
  expect(most - before).toBeLessThan(200_000_000);
});

test('inserts nothing when the data breaks off with an error, and gives that error', async () => {
  async function* breaking(): AsyncGenerator<Uint8Array> {
    let rows = 0;
    for await (const lines of endless()) {
      yield lines;
      rows += 10_000;
      if (rows > 3_000_000) throw new Error('the source is gone');
    }
  }
  await expect(engine.insert('pairs', { format: 'TSV', data: breaking() })).rejects.toThrow('the source is gone');
  expect(await count()).toBe('0\n');
});

test('inserts nothing when it is cancelled, and leaves the session free', async () => {
  const insert = engine.insert('pairs', { format: 'TSV', data: endless(), signal: AbortSignal.timeout(500) });
  await expect(insert).rejects.toMatchObject({ code: 'QUERY_CANCELLED' });
  expect(await count()).toBe('0\n');
});

test('is cancelled while the source is silent', async () => {
  let isClosed = false;
  async function* silent(): AsyncGenerator<Uint8Array> {
    try {
      yield Buffer.from('1\tone\n');
      await sleep(3000);
      yield Buffer.from('2\ttwo\n');
    } finally {
      isClosed = true;
    }
  }
  const insert = engine.insert('pairs', { format: 'TSV', data: silent(), signal: AbortSignal.timeout(300) });
  await expect(insert).rejects.toMatchObject({ code: 'QUERY_CANCELLED' });
  expect(await count()).toBe('0\n');
  await expect.poll(() => isClosed, { timeout: 10_000 }).toBe(true);
});

test('does not insert when its signal has fired', async () => {
  const insert = engine.insert('pairs', { format: 'TSV', data: chunks('3\tthree\n'), signal: AbortSignal.abort() });
  await expect(insert).rejects.toMatchObject({ code: 'QUERY_CANCELLED' });
  expect(await count()).toBe('0\n');
});

test.each([
  ['pairs', 'no json', 27],
  ['not_there', '{"id":1,"text":"one"}\n', 60],
  ['pairs (not_there)', '{"id":1,"text":"one"}\n', 16],
])("gives ClickHouse's error: %s, %s", async (into, text, clickhouseCode) => {
  const insert = engine.insert(into, { format: 'JSONEachRow', data: chunks(text) });
  await expect(insert).rejects.toMatchObject({ code: 'QUERY_FAILED', clickhouseCode });
  expect(await count()).toBe('0\n');
});

test('reads no more of the source when the server has refused', async () => {
  let isClosed = false;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      for (let n = 0; n < 100; n++) yield Buffer.alloc(100_000, 'no number\tx\n');
    } finally {
      isClosed = true;
    }
  }
  await expect(engine.insert('pairs', { format: 'TSV', data: watched() })).rejects.toMatchObject({
    code: 'QUERY_FAILED',
  });
  expect(isClosed).toBe(true);
  expect(await read(engine, 'SELECT 1')).toBe('1\n');
});

test("inserts into the session's temporary table, with the session's settings", async () => {
  await engine.run('CREATE TEMPORARY TABLE passing (a UInt8); SET input_format_skip_unknown_fields = 1');
  await engine.insert('passing', { format: 'JSONEachRow', data: chunks('{"a":7,"b":8}\n') });
  expect(await read(engine, 'SELECT a FROM passing')).toBe('7\n');
});

test("takes an INSERT's own settings behind the table", async () => {
  await engine.insert('pairs SETTINGS input_format_null_as_default = 1', {
    format: 'JSONEachRow',
    data: chunks('{"id":1,"text":null}\n'),
  });
  expect(await read(engine, 'SELECT id, text FROM pairs')).toBe('1\t\n');
});
