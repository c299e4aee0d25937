import { rm } from 'node:fs/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { openTestEngine, read } from '../../engine/open-test-engine.ts';
import { copyPart, ingest, makeFolder, recordedParts, stagingTables } from './laion-parts.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await openTestEngine();
});

afterAll(async () => {
  await engine.close();
});

const documented = {
  id: 'Int64',
  url: 'String',
  caption: 'String',
  NSFW: 'String',
  similarity: 'Float32',
  image_embedding: 'Array(Float32)',
  text_embedding: 'Array(Float32)',
};

async function create(
  table: string,
  {
    columns = {},
    rest = 'ENGINE = MergeTree ORDER BY id',
    more = '',
  }: {
    columns?: Record<string, string | undefined>;
    rest?: string;
    more?: string;
  } = {},
): Promise<void> {
  const all = Object.entries({ ...documented, ...columns }).flatMap(([name, type]) =>
    type === undefined ? [] : [`\`${name}\` ${type}`],
  );
  await engine.run(`CREATE TABLE ${table} (${all.join(', ')}${more}) ${rest}`);
}

const counted = async (table: string): Promise<string> => read(engine, `SELECT count(), uniqExact(id) FROM ${table}`);

test.each([
  ['as documented', {}],
  [
    'with other widths of numbers',
    { columns: { id: 'UInt64', similarity: 'Float64', image_embedding: 'Array(Float64)' } },
  ],
  ['with NULLs and dictionaries', { columns: { caption: 'Nullable(String)', NSFW: 'LowCardinality(String)' } }],
  [
    'with columns of its own',
    { columns: { added: "DateTime DEFAULT '2020-01-01'", length: 'UInt32 MATERIALIZED length(caption)' } },
  ],
  [
    'with another order and partitions',
    {
      rest: 'ENGINE = MergeTree PARTITION BY NSFW ORDER BY (NSFW, url) SETTINGS index_granularity = 16, min_bytes_for_wide_part = 0',
    },
  ],
  [
    'of an engine with nested arguments',
    {
      rest: "ENGINE = ReplacingMergeTree(id) PARTITION BY tuple() ORDER BY (id, cityHash64(url)) PRIMARY KEY id TTL toDateTime('2100-01-01') + toIntervalDay(length(url))",
    },
  ],
  [
    'with a projection and a constraint',
    {
      rest: 'ENGINE = MergeTree ORDER BY id',
      more: ', PROJECTION by_url (SELECT url, count() GROUP BY url), CONSTRAINT whole CHECK length(image_embedding) = 8',
    },
  ],
  ['with a skip index', { more: ', INDEX words caption TYPE tokenbf_v1(1024, 2, 0) GRANULARITY 1' }],
])('loads into an existing table %s', async (title, options) => {
  const table = `fits_${title.replaceAll(/\W/g, '_')}`;
  await create(table, options);
  const { loaded, leftOut } = await ingest(engine, { folder: recordedParts, table });
  expect({ parts: loaded.length, leftOut }).toEqual({ parts: 2, leftOut: [] });
  expect(await counted(table)).toBe('105\t105\n');
});

test('a vector index of the table is there for the loaded rows, and finds them', async () => {
  const index = "INDEX vectors image_embedding TYPE vector_similarity('hnsw', 'cosineDistance', 8)";
  await create('indexed', { more: `, ${index}` });
  await ingest(engine, { folder: recordedParts, table: 'indexed' });
  const parts =
    "SELECT count(), countIf(secondary_indices_compressed_bytes > 0) FROM system.parts WHERE active AND table = 'indexed'";
  expect(await read(engine, parts)).toBe('2\t2\n');
  const search = `WITH (SELECT image_embedding FROM indexed WHERE id = 20) AS target
    SELECT id FROM indexed ORDER BY cosineDistance(image_embedding, target) LIMIT 1`;
  expect(await read(engine, search)).toBe('20\n');
});

test.each([
  ['has another type of column', { columns: { similarity: 'String' } }, /its column similarity is String, not Float32/],
  [
    'has vectors of another type',
    { columns: { text_embedding: 'Array(Int8)' } },
    /its column text_embedding is Array\(Int8\), not Array\(Float32\)/,
  ],
  ['lacks a column', { columns: { caption: undefined } }, /it has no column caption \(String\)/],
  ['has ids that are too small', { columns: { id: 'UInt32' } }, /its column id is UInt32, not Int64/],
  [
    'is of the engine Memory',
    { rest: 'ENGINE = Memory' },
    /its engine is Memory, and whole parts are put into tables of the MergeTree family/,
  ],
])('refuses a table that %s, and leaves it as it is', async (title, options, reason) => {
  const table = `refused_${title.replaceAll(/\W/g, '_')}`;
  await create(table, options);
  const load = ingest(engine, { folder: recordedParts, table });
  await expect(load).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(reason) });
  await expect(load).rejects.toThrow(`the table '${table}' does not take LAION's rows`);
  expect(await read(engine, `SELECT count() FROM ${table}`)).toBe('0\n');
  expect(await read(engine, `SELECT count() FROM system.tables WHERE name = '${table}_parts'`)).toBe('0\n');
});

test.each([
  [{ tableEngine: 'ReplacingMergeTree' }, 'its engine is MergeTree, not ReplacingMergeTree'],
  [{ partitionBy: 'NSFW' }, "it has no partitions, and is asked to have some by 'NSFW'"],
])('refuses a table that was not made with %j', async (options, reason) => {
  await ingest(engine, { folder: recordedParts, table: 'plain_one' });
  const load = ingest(engine, { folder: recordedParts, table: 'plain_one', ...options });
  await expect(load).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(reason) });
});

test('refuses to load one type of vectors into a table of another', async () => {
  await ingest(engine, { folder: recordedParts, table: 'floats' });
  const load = ingest(engine, { folder: recordedParts, table: 'floats', vectorType: 'BFloat16' });
  await expect(load).rejects.toThrow('its column image_embedding is Array(Float32), not Array(BFloat16)');
});

test('leaves out parts whose vectors are not as long as those that the table has', async () => {
  await create('short');
  await engine.run(
    "INSERT INTO short VALUES (-2, 'u', 'c', '', 0, [], []), (-1, 'u', 'c', '', 0, [1,2,3,4], [1,2,3,4])",
  );
  const { loaded, leftOut } = await ingest(engine, { folder: recordedParts, table: 'short' });
  const reason = "its vectors have 8 dimensions, and the table's 4";
  expect({ loaded, leftOut }).toEqual({ loaded: [], leftOut: [0, 1].map((part) => ({ part, reason })) });
  expect(await counted('short')).toBe('2\t2\n');
});

test('a vector index for longer vectors stops the load with what ClickHouse says of it', async () => {
  await create('longer', { more: ", INDEX i image_embedding TYPE vector_similarity('hnsw', 'L2Distance', 512)" });
  const load = ingest(engine, { folder: recordedParts, table: 'longer' });
  await expect(load).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringMatching(/^part 0 could not be loaded: .*512/s),
  });
  expect(await counted('longer')).toBe('0\t0\n');
  expect(await stagingTables(engine)).toEqual([]);
});

test('a row that breaks a constraint of the table stops the load and leaves nothing half loaded', async () => {
  await create('constrained', { more: ', CONSTRAINT few CHECK id != 100000044' });
  const load = ingest(engine, { folder: recordedParts, table: 'constrained' });
  await expect(load).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringMatching(/^part 1 could not be loaded: .*`few`/s),
  });
  expect(await counted('constrained')).toBe('60\t60\n');
  expect(await stagingTables(engine)).toEqual([]);
});

test('loads into a table of a named database, with all that it makes beside it', async () => {
  await engine.run('CREATE DATABASE `my data`');
  await ingest(engine, { folder: recordedParts, table: 'my data.images' });
  expect(await counted('`my data`.images')).toBe('105\t105\n');
  expect(await read(engine, "SELECT name FROM system.tables WHERE database = 'my data' ORDER BY name")).toBe(
    'images\nimages_parts\n',
  );
  await expect(ingest(engine, { folder: recordedParts, table: 'nowhere.images' })).rejects.toThrow(/nowhere/);
});

test.each(["it's", '`', 'two words', 'back\\slash', '"', 'größe', '%', '1st', '$$', 'x_y'])(
  'loads into a table whose name is %s',
  async (table) => {
    const quoted = `\`${table.replaceAll(/[\\`]/g, String.raw`\$&`)}\``;
    const folder = await makeFolder();
    await copyPart(1, folder);
    for (const expected of ['loaded', 'wasLoaded'] as const) {
      const result = await ingest(engine, { folder, table });
      expect(result[expected]).toMatchObject([{ part: 1, rows: 45 }]);
    }
    await rm(folder, { recursive: true });
    expect(await counted(quoted)).toBe('45\t45\n');
    expect(await stagingTables(engine)).toEqual([]);
  },
);
