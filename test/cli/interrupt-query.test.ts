import { once } from 'node:events';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { makeSandbox, tinyModel, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox(tinyModel);
});

afterAll(async () => {
  await sandbox.remove();
});

test.each([
  ['sleeps', 'SELECT sleepEachRow(1) FROM numbers(600) SETTINGS max_block_size = 1 FORMAT Null'],
  ['computes', 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)'],
  ['waits for the model host', 'SELECT sum(length(encode_text(toString(number)))) FROM numbers(10000000)'],
  ["waits for a user's script", 'SELECT sum(length(hash_embedding(toString(number)))) FROM numbers(100000000)'],
])('Ctrl-C ends a query that %s, with one line and 130, and the data stay', async (_, sql) => {
  const dataPath = join(sandbox.path, 'data');
  const prepare = 'CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a; INSERT INTO t VALUES (7)';
  const running = sandbox.start(['--data', dataPath, 'query', `${prepare}; SELECT 'started'; ${sql}`]);
  // Once it prints, the long statement begins.
  await once(running.stdout, 'data');
  // A terminal sends it to the whole group: to the scripts of the functions too.
  process.kill(-running.pid, 'SIGINT');
  expect(await running.ended).toEqual({ exitCode: 130, stderr: 'embedhouse: the query was cancelled\n' });
  const next = "SELECT count() > 0 FROM t; SELECT length(encode_text('a')), length(hash_embedding('a')) > 0";
  expect(await sandbox.query(next, { env: { EMBEDHOUSE_DATA: dataPath } })).toBe('1\n16\t1\n');
});
