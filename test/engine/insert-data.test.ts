import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { openTestEngine, read } from './open-test-engine.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await openTestEngine();
  await engine.run('CREATE TABLE pairs (id UInt64, text String) ENGINE = MergeTree ORDER BY id');
});
afterAll(async () => engine.close());

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

test('inserts what comes in pieces, whole', async () => {
  await engine.insert('pairs (text, id)', {
    format: 'JSONEachRow',
    data: chunks('{"id":1,"te', 'xt":"it\'s; \\n"}\n'),
  });
  expect(await read(engine, 'SELECT id, text FROM pairs')).toBe("1\tit\\'s; \\n\n");
});

test('inserts nothing when the data breaks off with an error, and gives that error', async () => {
  const before = await read(engine, 'SELECT count() FROM pairs');
  async function* breaking(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{"id":2,"text":"two"}\n');
    throw new Error('the source is gone');
  }
  await expect(engine.insert('pairs', { format: 'JSONEachRow', data: breaking() })).rejects.toThrow(
    'the source is gone',
  );
  expect(await read(engine, 'SELECT count() FROM pairs')).toBe(before);
});

test("gives ClickHouse's error for data that is not in the format", async () => {
  await expect(engine.insert('pairs', { format: 'JSONEachRow', data: chunks('no json') })).rejects.toMatchObject({
    code: 'QUERY_FAILED',
  });
});

test('does not insert when its signal has fired', async () => {
  const insert = engine.insert('pairs', {
    format: 'JSONEachRow',
    data: chunks('{"id":3,"text":"three"}\n'),
    signal: AbortSignal.abort(),
  });
  await expect(insert).rejects.toMatchObject({ code: 'QUERY_CANCELLED' });
  expect(await read(engine, 'SELECT count() FROM pairs WHERE id = 3')).toBe('0\n');
});
