import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { createIndex, type CreateIndexOptions } from '../../src/vector-index/create-index.ts';
import { indexDefaults, readVectorIndexes } from '../../src/vector-index/vector-index.ts';
import { openTestEngine, read } from '../engine/open-test-engine.ts';
import { insertVectors } from './tables.ts';

let engine: Engine;
beforeEach(async () => {
  engine = await openTestEngine();
});
afterEach(async () => engine?.close());

const options = {
  tableName: 't',
  columnName: 'v',
  distance: 'cosineDistance',
  ...indexDefaults,
  signal: new AbortController().signal,
} satisfies CreateIndexOptions;

const wide = 'SETTINGS min_bytes_for_wide_part = 0, max_bytes_to_merge_at_max_space_in_pool = 1';

const createTable = async (type = 'Float32', settings = ''): Promise<void> =>
  engine.run(`CREATE TABLE t (id Int64, v Array(${type})) ENGINE = MergeTree ORDER BY id ${settings}`);

const definitions = async (): Promise<string[]> => (await readVectorIndexes(engine)).map(({ name }) => name);

/** The granules that a search reads; fewer than all when the index is used. */
const explain = async (): Promise<string> =>
  read(
    engine,
    'EXPLAIN indexes = 1 WITH (SELECT v FROM t WHERE id = 7) AS target SELECT id FROM t ORDER BY cosineDistance(v, target) LIMIT 1',
  );

describe('createIndex', () => {
  it.each(['Float32', 'Float64', 'BFloat16'])('builds an index on Array(%s) that a search uses', async (type) => {
    await createTable(type);
    await insertVectors(engine, 't', { rows: 1000, dimensions: 16 });
    const created = await createIndex(engine, options);
    expect(created).toMatchObject({ outcome: 'created', vectors: 1000, builtVectors: 1000, parts: 1 });
    expect(created.index).toMatchObject({ name: 'v_index', dimensions: 16, quantization: 'bf16', m: 32 });
    expect(created.diskBytes).toBeGreaterThan(0);
    expect(await explain()).toContain('v_index');
  });

  it('defines the index with the parameters that were asked for', async () => {
    await createTable();
    await insertVectors(engine, 't', { rows: 100, dimensions: 16 });
    const wanted = { distance: 'L2Distance', quantization: 'i8', m: 16, efConstruction: 64, granularity: 5 } as const;
    await createIndex(engine, { ...options, ...wanted, indexName: 'my index' });
    expect(await readVectorIndexes(engine)).toMatchObject([{ ...wanted, name: 'my index', dimensions: 16 }]);
  });

  it('builds in wide and compact parts alike what was inserted before the index was defined', async () => {
    await createTable('Float32', 'SETTINGS min_rows_for_wide_part = 1000, max_bytes_to_merge_at_max_space_in_pool = 1');
    await insertVectors(engine, 't', { rows: 1200, dimensions: 16 });
    await insertVectors(engine, 't', { rows: 100, dimensions: 16, from: 1200 });
    expect(await createIndex(engine, options)).toMatchObject({ vectors: 1300, builtVectors: 1300, parts: 2 });
  });

  it('tells how far the build is, and ends at the whole', async () => {
    await createTable('Float32', wide);
    for (const from of [0, 3000]) await insertVectors(engine, 't', { rows: 3000, dimensions: 64, from });
    const seen: number[] = [];
    await createIndex(engine, {
      ...options,
      onEvent: (event) => {
        if (event.type === 'progress') {
          expect(event.totalVectors).toBe(6000);
          seen.push(event.doneVectors);
        }
      },
    });
    expect(seen.at(-1)).toBe(6000);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it('does nothing when the index is built everywhere', async () => {
    await createTable();
    await insertVectors(engine, 't', { rows: 100, dimensions: 16 });
    await createIndex(engine, options);
    const before = await read(engine, "SELECT name FROM system.parts WHERE table = 't' AND active");
    expect(await createIndex(engine, options)).toMatchObject({ outcome: 'unchanged', builtVectors: 0, parts: 1 });
    expect(await read(engine, "SELECT name FROM system.parts WHERE table = 't' AND active")).toBe(before);
  });

  it('builds what is missing of an index that is defined already', async () => {
    await createTable('Float32', wide);
    await insertVectors(engine, 't', { rows: 500, dimensions: 16 });
    await engine.run("ALTER TABLE t ADD INDEX mine v TYPE vector_similarity('hnsw', 'cosineDistance', 16)");
    await insertVectors(engine, 't', { rows: 200, dimensions: 16, from: 500 });
    expect(await createIndex(engine, options)).toMatchObject({
      index: { name: 'mine' },
      outcome: 'completed',
      builtVectors: 500,
      parts: 2,
    });
  });

  it('goes on with the one that is named where several would serve the same queries', async () => {
    await createTable();
    await insertVectors(engine, 't', { rows: 1000, dimensions: 16 });
    await createIndex(engine, options);
    await engine.run("ALTER TABLE t ADD INDEX w v TYPE vector_similarity('hnsw', 'cosineDistance', 16)");
    expect(await createIndex(engine, { ...options, indexName: 'w' })).toMatchObject({
      outcome: 'completed',
      index: { name: 'w' },
    });
  });

  it('builds what inserts left out, and lets rows come in while it builds', async () => {
    await createTable('Float32', wide);
    await insertVectors(engine, 't', { rows: 500, dimensions: 16 });
    await createIndex(engine, options);
    await engine.run(`INSERT INTO t SELECT id + 500, v FROM t SETTINGS materialize_skip_indexes_on_insert = 0`);
    let inserting: Promise<void> | undefined;
    const completed = await createIndex(engine, {
      ...options,
      onEvent: (event) => {
        if (event.type === 'plan') inserting = insertVectors(engine, 't', { rows: 300, dimensions: 16, from: 1000 });
      },
    });
    await inserting;
    expect(completed).toMatchObject({ outcome: 'completed', builtVectors: 500 });
    expect(await createIndex(engine, options)).toMatchObject({ outcome: 'unchanged', vectors: 1300, parts: 3 });
  });
});

describe('createIndex refuses', () => {
  const refusal = async (changed: Partial<CreateIndexOptions> = {}): Promise<string> => {
    const before = await definitions();
    const error: unknown = await createIndex(engine, { ...options, ...changed }).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'INDEX_REFUSED' });
    expect(await definitions()).toEqual(before);
    return error instanceof Error ? error.message : '';
  };

  const insert = async (...vectors: string[]): Promise<void> => {
    for (const vector of vectors) await engine.run(`INSERT INTO t SELECT 1000000, ${vector}`);
  };

  it('vectors of several lengths, with the number of rows of each and how to find them', async () => {
    await createTable();
    await insertVectors(engine, 't', { rows: 100, dimensions: 8 });
    await insert('[1, 2]', '[1, 2]', '[]');
    const message = await refusal();
    expect(message).toContain('8 dimensions in every row: 2 rows have 2, 1 row is empty');
    const select = /see them with (?<sql>.*)$/.exec(message)?.groups?.['sql'] ?? '';
    expect((await read(engine, select)).trim().split('\n')).toHaveLength(3);
  });

  it.each([
    ['NaN', '[nan, 1, 2, 3, 4, 5, 6, 7]', {}, '1 row has a NaN or an infinite number'],
    ['infinity', '[1, 2, 3, 4, 5, 6, 7, -inf]', {}, '1 row has a NaN or an infinite number'],
    ['zeros with i8', 'arrayResize([0.], 8)', { quantization: 'i8' }, '1 row is all zeros'],
  ] as const)('%s', async (_, vector, changed, reason) => {
    await createTable();
    await insertVectors(engine, 't', { rows: 100, dimensions: 8 });
    await insert(vector);
    const message = await refusal(changed);
    expect(message).toContain(reason);
    const select = /see them with (?<sql>.*)$/.exec(message)?.groups?.['sql'] ?? '';
    expect((await read(engine, select)).trim().split('\n')).toHaveLength(1);
  });

  it('takes zeros with other quantizations, as ClickHouse does', async () => {
    await createTable();
    await insertVectors(engine, 't', { rows: 100, dimensions: 8 });
    await insert('arrayResize([0.], 8)');
    expect(await createIndex(engine, options)).toMatchObject({ outcome: 'created' });
  });

  it('a table without rows, and one that has no parts of its own', async () => {
    await createTable();
    expect(await refusal()).toContain("table 't' is empty");
    await engine.run('CREATE TABLE m (id Int64, v Array(Float32)) ENGINE = Memory');
    expect(await refusal({ tableName: 'm' })).toContain('its engine is Memory');
  });

  it('a column of another type', async () => {
    await engine.run('CREATE TABLE t (id Int64, v Array(Nullable(Float32))) ENGINE = MergeTree ORDER BY id');
    expect(await refusal()).toContain('its type is Array(Nullable(Float32))');
    expect(await refusal({ columnName: 'id' })).toContain('its type is Int64');
  });

  it('what has no room in the memory of the machine, all graphs that are built at a time counted', async () => {
    await createTable('Float32', wide);
    for (const from of [0, 1000]) await insertVectors(engine, 't', { rows: 1000, dimensions: 16, from });
    // Two graphs of 1 000 × (16 × 2 + 8 × 32) bytes.
    expect(await refusal({ machineBytes: 575_999 })).toMatch(
      /memory to be built, 2 parts at a time.*; the table is as/,
    );
    expect(await definitions()).toEqual([]);
    expect(await createIndex(engine, { ...options, machineBytes: 576_000 })).toMatchObject({ outcome: 'created' });
  });

  it('a second index for the same queries, and one with other parameters or a name that is taken', async () => {
    await createTable();
    await insertVectors(engine, 't', { rows: 100, dimensions: 16 });
    await engine.run('ALTER TABLE t ADD INDEX ids id TYPE minmax');
    await createIndex(engine, options);
    expect(await refusal({ indexName: 'another' })).toContain("has the index 'v_index' for cosineDistance already");
    expect(await refusal({ m: 8 })).toContain('other parameters: give --m 32 to go on with it');
    expect(await refusal({ distance: 'L2Distance', indexName: 'ids' })).toContain("another index 'ids' already");
  });

  it('b1 for dimensions that do not fill bytes, and for other distances', async () => {
    await createTable();
    await insertVectors(engine, 't', { rows: 100, dimensions: 12 });
    expect(await refusal({ quantization: 'b1' })).toContain('a multiple of 8');
    const other = createIndex(engine, { ...options, quantization: 'b1', distance: 'L2Distance' });
    await expect(other).rejects.toMatchObject({ code: 'USAGE' });
  });
});
