import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { readCoverage } from '../../src/vector-index/index-coverage.ts';
import { readVectorIndexes } from '../../src/vector-index/vector-index.ts';
import { openTestEngine } from '../engine/open-test-engine.ts';

let engine: Engine;
beforeEach(async () => {
  engine = await openTestEngine();
});
afterEach(async () => engine?.close());

const table = { database: 'default', table: 't' };

/** Two columns of vectors, in parts that stay as they are. */
async function createTable(settings = ''): Promise<void> {
  await engine.run(`
    CREATE TABLE t (id Int64, a Array(Float32), b Array(Float32), INDEX ids id TYPE minmax)
    ENGINE = MergeTree ORDER BY tuple() SETTINGS max_bytes_to_merge_at_max_space_in_pool = 1${settings}`);
}

async function insert(from: number, rows: number): Promise<void> {
  const vector = (seed: number): string =>
    `arrayMap(i -> toFloat32(sipHash64(number, i, ${seed}) / pow(2, 64) - 0.5), range(16))`;
  await engine.run(`INSERT INTO t SELECT number, ${vector(1)}, ${vector(2)} FROM numbers(${from}, ${rows})`);
}

const add = (name: string, column: string, parameters = "'bf16', 32, 32"): string =>
  `ALTER TABLE t ADD INDEX ${name} ${column} TYPE vector_similarity('hnsw', 'cosineDistance', 16, ${parameters})`;

/** The rows of the parts in which each index is built. */
async function builtRows(): Promise<Record<string, number[]>> {
  const { coverage } = await readCoverage(engine, table, await readVectorIndexes(engine, { table }));
  return Object.fromEntries(
    coverage.map(({ index, built }) => [index.name, built.map(({ rows }) => rows).toSorted((a, b) => a - b)]),
  );
}

it.each(['', ', min_bytes_for_wide_part = 0'])('tells which parts have an index%s', async (settings) => {
  await createTable(settings);
  await insert(0, 500);
  await engine.run(add('of_a', 'a'));
  await insert(500, 300);
  expect(await builtRows()).toEqual({ of_a: [300] });
});

it('tells which of two indexes a part has, though both are of one size', async () => {
  await createTable(', min_bytes_for_wide_part = 0');
  await insert(0, 500);
  await insert(500, 200);
  await engine.run(
    `${add('of_a', 'a')}; ALTER TABLE t MATERIALIZE INDEX of_a SETTINGS mutations_sync = 2; ${add('of_b', 'b')}`,
  );
  await insert(700, 300);
  expect(await builtRows()).toEqual({ of_a: [200, 300, 500], of_b: [300] });
});

it('tells which of three indexes of different sizes a part has', async () => {
  await createTable(', min_bytes_for_wide_part = 0');
  await engine.run(add('small', 'a', "'i8', 8, 32"));
  await insert(0, 1000);
  await engine.run(`${add('large', 'b', "'f64', 64, 32")}; ${add('middle', 'b', "'bf16', 32, 32")}`);
  await insert(1000, 100);
  await engine.run('ALTER TABLE t MATERIALIZE INDEX middle SETTINGS mutations_sync = 2');
  expect(await builtRows()).toEqual({ small: [100, 1000], large: [100], middle: [100, 1000] });
});

it('has nothing to tell of an empty table', async () => {
  await createTable();
  await engine.run(add('of_a', 'a'));
  expect(await builtRows()).toEqual({ of_a: [] });
});
