import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { measureBuild } from '../../src/vector-index/measure-build.ts';
import { openTestEngine } from '../engine/open-test-engine.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openTestEngine();
});
afterAll(async () => engine?.close());

it('measures vectors of many dimensions in little memory, each sample as one graph', async () => {
  await engine.run('SET max_memory_usage = 500000000');
  const { signal } = new AbortController();
  const shape = { distance: 'cosineDistance', dimensions: 1024, m: 16, efConstruction: 32 } as const;
  const measured = await measureBuild(engine, { ...shape, quantizations: ['b1'], signal });
  const build = measured.get('b1');
  expect(build?.secondsFor(8192)).toBeCloseTo(build?.sampleSeconds ?? Number.NaN);
  // A vector of a larger graph takes longer.
  expect(build?.secondsFor(1_000_000)).toBeGreaterThan(((build?.sampleSeconds ?? 0) / 8192) * 1_000_000);
  const parts =
    "SELECT count() AS parts FROM system.parts WHERE active AND table LIKE 'embedhouse_sample%' GROUP BY table";
  expect(await engine.rows(parts)).toEqual([{ parts: 1 }, { parts: 1 }]);
});
