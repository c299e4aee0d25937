import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startTestServer, type TestServer } from '../engine/remote/start-test-server.ts';
import { makeSandbox, repositoryPath, type Sandbox } from './sandbox.ts';

let server: TestServer;
let sandbox: Sandbox;

beforeAll(async () => {
  server = await startTestServer();
  sandbox = await makeSandbox();
  const script = join(repositoryPath, 'scripts/write-laion-parts.mjs');
  await execa(process.execPath, [
    script,
    join(sandbox.path, 'parts'),
    '--parts',
    '2',
    '--rows',
    '3000',
    '--dims',
    '16',
  ]);
});

afterAll(async () => {
  await sandbox?.remove();
  await server?.stop();
});

test('loads parts into a server: the rows of a load into the embedded engine, once', async () => {
  const load = ['ingest', 'laion', join(sandbox.path, 'parts'), '--json'];
  const content = 'SELECT count(), uniqExact(id), groupBitXor(cityHash64(*)) FROM laion';
  const data = join(sandbox.path, 'data');
  const env = { EMBEDHOUSE_DATA: data };
  expect(await sandbox.run(load, { env })).toMatchObject({ exitCode: 0 });
  const embedded = await sandbox.query(content, { env });

  const connect = ['--connect', server.url];
  const first = await sandbox.run([...load, ...connect]);
  expect(first).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(first.stdout)).toMatchObject({
    loaded: [
      { part: 0, rows: 3000 },
      { part: 1, rows: 3000 },
    ],
  });
  const again = await sandbox.run([...load, ...connect]);
  expect(JSON.parse(again.stdout)).toMatchObject({ loaded: [], wasLoaded: [{ part: 0 }, { part: 1 }] });
  expect((await sandbox.run(['query', ...connect, content])).stdout).toBe(embedded);
  expect(embedded).toMatch(/^6000\t6000\t/);
  expect((await sandbox.run(['query', ...connect, 'SHOW TABLES'])).stdout).toBe('laion\nlaion_parts\n');
});
