import { afterAll, beforeAll, expect, test } from 'vitest';

import { startTestServer, type TestServer } from '../engine/remote/start-test-server.ts';
import { makeSandbox, type Answer, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  sandbox = await makeSandbox({ EMBEDHOUSE_CONNECT: server.url });
  delete sandbox.env['EMBEDHOUSE_DATA'];
  await sandbox.query(`
    CREATE TABLE t (id Int64, v Array(Float32)) ENGINE = MergeTree ORDER BY id;
    INSERT INTO t SELECT number, arrayMap(i -> toFloat32(sipHash64(number, i) / pow(2, 64) - 0.5), range(16))
    FROM numbers(1000)`);
});

afterAll(async () => {
  await sandbox?.remove();
  await server?.stop();
});

const index = async (...args: string[]): Promise<Answer> => sandbox.run(['index', ...args]);

test('an estimate reads the table on the server, builds on this machine, and leaves nothing on the server', async () => {
  const { exitCode, stdout } = await index('estimate', 't', 'v', '--quantization', 'bf16', '--json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ rows: 1000, indexes: [{ buildSeconds: expect.any(Number) }] });
  expect(await sandbox.query('SHOW TABLES')).toBe('t\n');
});

test('an index is built on the server, and judged there', async () => {
  expect(await index('create', 't', 'v')).toMatchObject({ exitCode: 0 });
  expect((await index('status', 't')).stdout).toMatch(/v_index .* 100 % +1 of 1/);
  const recall = await index('recall', 't', 'v', '--queries', '5', '--json');
  expect(JSON.parse(recall.stdout)).toMatchObject({ rows: 1000, indexes: [{ name: 'v_index' }] });
  const compared = await index('recall', 't', 'v', '--queries', '5', '--quantization', 'f32,b1', '--json');
  expect(JSON.parse(compared.stdout)).toMatchObject({ indexes: [{ name: 'f32' }, { name: 'b1' }] });
  expect(await sandbox.query("SELECT count() FROM system.databases WHERE name LIKE 'embedhouse%'")).toBe('0\n');
});
