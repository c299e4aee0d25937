import { hostname } from 'node:os';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { compareQuantizations } from '../../../src/vector-index/recall/compare-quantizations.ts';
import type { QuantizationRequest } from '../../../src/vector-index/recall/recall-request.ts';
import { openTestEngine } from '../../engine/open-test-engine.ts';
import { makeTable, requestFor } from './recall-table.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await openTestEngine({ indexThreads: 1 });
  await makeTable(engine, 'vectors', { rows: 2000, m: 16 });
});
afterAll(async () => engine.close());

const request = (rest: Partial<QuantizationRequest> = {}): QuantizationRequest => ({
  ...requestFor('vectors', { efs: [1000], fetchMultipliers: [8] }),
  quantizations: ['f32', 'bf16', 'i8', 'b1'],
  sampleRows: 1000,
  ...rest,
});

const databases = async (): Promise<string[]> =>
  (
    await engine.rows<{ name: string }>("SELECT name FROM system.databases WHERE name LIKE 'embedhouse%' ORDER BY name")
  ).map(({ name }) => name);

test('builds each index on the same sample, and finds less with fewer bits until it rescores', async () => {
  const report = await compareQuantizations(engine, request());
  expect(report).toMatchObject({ rows: 1000, isSample: true, dimensions: 32, leftOut: [] });
  expect(report.indexes).toMatchObject([
    { quantization: 'f32', m: 16, efConstruction: 32 },
    { quantization: 'bf16' },
    { quantization: 'i8' },
    { quantization: 'b1' },
  ]);
  const recalls = (rescoring: boolean): number[] =>
    report.indexes.map(
      ({ results }) => results.find((each) => each.ef === 1000 && each.rescoring === rescoring)?.recall ?? 0,
    );
  const [f32 = 0, bf16 = 0, i8 = 0, b1 = 0] = recalls(false);
  expect(f32).toBe(1);
  expect(bf16).toBeGreaterThan(0.95);
  expect(i8).toBeGreaterThan(0.8);
  expect(b1).toBeLessThan(0.6);
  const [rescoredF32, rescoredBf16, rescoredI8, rescoredB1 = 0] = recalls(true);
  expect([rescoredF32, rescoredBf16, rescoredI8]).toEqual([1, 1, 1]);
  expect(rescoredB1).toBeGreaterThan(b1);
  const disk = report.indexes.map(({ diskBytes }) => diskBytes);
  expect(disk).toEqual(disk.toSorted((a, b) => b - a));
  expect(report.indexes.every(({ buildSeconds = 0, memoryBytes = 0 }) => buildSeconds > 0 && memoryBytes > 0)).toBe(
    true,
  );
  expect(await databases()).toEqual([]);
});

test('takes the default index for a column that has none yet, and leaves the table as it is', async () => {
  await engine.run(
    'CREATE TABLE plain (v Array(Float32)) ENGINE = MergeTree ORDER BY tuple() AS SELECT v FROM vectors',
  );
  const report = await compareQuantizations(engine, request({ table: 'plain', quantizations: ['f16'] }));
  expect(report.indexes).toMatchObject([{ quantization: 'f16', m: 32, efConstruction: 128 }]);
  expect(await engine.rows("SELECT name FROM system.data_skipping_indices WHERE table = 'plain'")).toEqual([]);
});

test('leaves out b1 where it is not possible, and says why', async () => {
  await makeTable(engine, 'euclidean', { rows: 200, distance: 'L2Distance' });
  const report = await compareQuantizations(engine, request({ table: 'euclidean', quantizations: ['f32', 'b1'] }));
  expect(report.indexes.map(({ quantization }) => quantization)).toEqual(['f32']);
  expect(report.leftOut).toEqual([
    { quantization: 'b1', reason: 'b1 is for cosineDistance only, and this is L2Distance' },
  ]);
  await expect(
    compareQuantizations(engine, request({ table: 'euclidean', quantizations: ['b1'] })),
  ).rejects.toMatchObject({ code: 'USAGE' });
  expect(await databases()).toEqual([]);
});

test('removes the sample also when it is stopped, and gives what was measured', async () => {
  const stop = new AbortController();
  const report = await compareQuantizations(engine, {
    ...request({ quantizations: ['bf16', 'i8'], signal: stop.signal }),
    onProgress: ({ step }) => {
      if (step === 'building i8') stop.abort();
    },
  });
  expect(report.isInterrupted).toBe(true);
  expect(report.indexes.map(({ quantization }) => quantization)).toEqual(['bf16']);
  expect(await databases()).toEqual([]);
});

test('removes what killed runs have left, and nothing of runs that may still be at work', async () => {
  const maker = { host: hostname(), pid: process.pid, startedAt: 0, madeAt: new Date().toISOString() };
  const makers = {
    // Numbers of processes end below 2 ** 22 (proc_sys_kernel(5)).
    embedhouse_recall_killed: { ...maker, pid: 2 ** 22 + 1 },
    embedhouse_recall_long_ago: { ...maker, host: 'elsewhere', madeAt: '2020-01-01T00:00:00Z' },
    embedhouse_recall_elsewhere: { ...maker, host: 'elsewhere' },
    embedhouse_recall_running: maker,
  };
  for (const [name, comment] of Object.entries(makers)) {
    await engine.run(`CREATE DATABASE ${name} COMMENT '${JSON.stringify(comment)}'`);
  }
  await engine.run("CREATE DATABASE embedhouse_recall_of_the_user COMMENT 'mine'");
  await compareQuantizations(engine, request({ quantizations: ['f32'], sampleRows: 100 }));
  expect(await databases()).toEqual([
    'embedhouse_recall_elsewhere',
    'embedhouse_recall_of_the_user',
    'embedhouse_recall_running',
  ]);
});
