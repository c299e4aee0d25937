import { afterEach, assert, beforeEach, expect, it } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { buildIndex } from '../../src/vector-index/build-index.ts';
import { createIndex, type CreateIndexOptions } from '../../src/vector-index/create-index.ts';
import { findTable } from '../../src/vector-index/find-table.ts';
import { readIndexStatus } from '../../src/vector-index/index-status.ts';
import { indexDefaults, readVectorIndexes } from '../../src/vector-index/vector-index.ts';
import { openTestEngine, read } from '../engine/open-test-engine.ts';
import { insertVectors } from './tables.ts';

let engine: Engine;
beforeEach(async () => {
  engine = await openTestEngine();
  await engine.run(`CREATE TABLE t (id Int64, v Array(Float32)) ENGINE = MergeTree ORDER BY id
    SETTINGS min_bytes_for_wide_part = 0, max_bytes_to_merge_at_max_space_in_pool = 1`);
});
afterEach(async () => engine?.close());

const options = { tableName: 't', columnName: 'v', distance: 'cosineDistance', ...indexDefaults } as const;

/** Stops a build once so many vectors are in. */
async function createAndStop(atVectors: number): Promise<unknown> {
  const cancel = new AbortController();
  const create: CreateIndexOptions = {
    ...options,
    signal: cancel.signal,
    onEvent: (event) => {
      if (event.type === 'progress' && event.doneVectors >= atVectors) cancel.abort();
    },
  };
  return createIndex(engine, create).catch((error: unknown) => error);
}

const running = async (): Promise<string> =>
  read(engine, 'SELECT count() FROM system.merges; SELECT count() FROM system.mutations WHERE NOT is_done');

it('leaves the table as it was when it is stopped before a part is finished', async () => {
  await insertVectors(engine, 't', { rows: 40_000, dimensions: 128 });
  const before = await read(engine, 'SHOW CREATE TABLE t');
  const error = await createAndStop(1);
  expect(error).toMatchObject({ code: 'CANCELLED', message: 'stopped: the table is as it was before' });
  expect(await running()).toBe('0\n0\n');
  expect(await read(engine, 'SHOW CREATE TABLE t')).toBe(before);
});

it('keeps the parts that are finished when it is stopped, and goes on with the others', async () => {
  await insertVectors(engine, 't', { rows: 100, dimensions: 128 });
  await insertVectors(engine, 't', { rows: 30_000, dimensions: 128, from: 100 });
  const error = await createAndStop(2000);
  expect(error).toMatchObject({ code: 'CANCELLED' });
  expect(error).toHaveProperty('message', expect.stringContaining("index 'v_index' is built in 1 of 2 parts"));
  expect(await running()).toBe('0\n0\n');
  const { signal } = new AbortController();
  expect(await readIndexStatus(engine, { signal })).toMatchObject({
    indexes: [{ name: 'v_index', builtParts: 1, missingParts: 1, builtRows: 100, missingRows: 30_000 }],
    mutations: [],
  });
  expect(await createIndex(engine, { ...options, signal })).toMatchObject({
    outcome: 'completed',
    builtVectors: 30_000,
    parts: 2,
  });
});

it('says why a vector cannot be built in, and lets nothing go on in the background', async () => {
  await insertVectors(engine, 't', { rows: 1000, dimensions: 8 });
  await engine.run('INSERT INTO t VALUES (5000, [1, 2, 3])');
  await engine.run("ALTER TABLE t ADD INDEX i v TYPE vector_similarity('hnsw', 'cosineDistance', 8)");
  const indexes = await readVectorIndexes(engine);
  const [index] = indexes;
  assert(index !== undefined);
  const { signal } = new AbortController();
  const building = buildIndex(engine, { table: await findTable(engine, 't'), index, indexes, signal });
  await expect(building).rejects.toMatchObject({
    code: 'INDEX_REFUSED',
    message: expect.stringMatching(
      /^index 'i' on table 't' could not be built in part all_2_2_0: Array values .* 3 elements/,
    ),
  });
  expect(await running()).toBe('0\n0\n');
});
