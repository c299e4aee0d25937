import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { openTestEngine, read } from '../../engine/open-test-engine.ts';
import {
  copyPart,
  firstIdOfPart,
  ingest,
  makeFolder,
  readRecorded,
  recordedParts,
  rowsOfPart,
  stagingTables,
  writeParquet,
} from './laion-parts.ts';

let engine: Engine;
let folder: string;

beforeAll(async () => {
  engine = await openTestEngine();
  folder = await makeFolder();
});

afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

/** A column's values in the order of ids; hex of texts, so that no JSON is between. */
async function values<Value>(table: string, expression: string, part: 0 | 1): Promise<Value[]> {
  const first = part * firstIdOfPart;
  const rows = await engine.rows<{ value: Value }>(
    `SELECT ${expression} AS value FROM ${table} WHERE id >= ${first} AND id < ${first + firstIdOfPart} ORDER BY id`,
  );
  return rows.map(({ value }) => value);
}

const hexOf = (texts: readonly (string | null)[]): string[] =>
  texts.map((text) =>
    Buffer.from(text ?? '')
      .toString('hex')
      .toUpperCase(),
  );

const float32Of = (numbers: readonly (number | null)[]): (number | null)[] =>
  numbers.map((number) => (number === null ? null : Math.fround(number)));

describe.each([0, 1] as const)('part %i has what Python reads from its files:', (part) => {
  const table = `values_${part}`;

  beforeAll(async () => {
    const result = await ingest(engine, { folder: recordedParts, table, isWanted: (number) => number === part });
    expect(result.loaded).toMatchObject([{ part, rows: rowsOfPart[part] }]);
  });

  test('vectors, to the bit', async () => {
    const recorded = await readRecorded(part);
    for (const column of ['image_embedding', 'text_embedding'] as const) {
      const vectors = await values<number[]>(table, column, part);
      // A float32 comes as the shortest number that stands for it; toEqual tells -0 from 0.
      expect(vectors.map((vector) => vector.map(Math.fround))).toEqual(recorded[column]);
    }
  });

  test('texts, to the byte, with NULL as the empty text', async () => {
    const recorded = await readRecorded(part);
    for (const column of ['url', 'caption', 'NSFW'] as const) {
      expect(await values(table, `hex(${column})`, part)).toEqual(hexOf(recorded[column]));
    }
  });

  test('similarities, with NULL as NaN', async () => {
    const recorded = await readRecorded(part);
    const similarities = await values<number | null>(table, 'if(isNaN(similarity), NULL, similarity)', part);
    expect(float32Of(similarities)).toEqual(float32Of(recorded.similarity));
  });

  test('sizes, with 0 for NULL and for what is no size', async () => {
    const recorded = await readRecorded(part);
    const asSize = (size: number | null): number => (size === null || size < 0 || size >= 2 ** 32 ? 0 : size);
    for (const column of ['width', 'height'] as const) {
      expect(await values(table, column, part)).toEqual(recorded[column].map(asSize));
    }
  });

  test('ids that begin at the part times 100 000 000 and count its rows', async () => {
    const expected = Array.from({ length: rowsOfPart[part] }, (_, row) => part * firstIdOfPart + row);
    expect(await values(table, 'id', part)).toEqual(expected);
  });
});

test('the new table is the documented one, with vectors as they are, and behind it what the metadata has more', async () => {
  await ingest(engine, { folder: recordedParts, table: 'created' });
  expect(await read(engine, 'SHOW CREATE TABLE created FORMAT TSVRaw')).toBe(`CREATE TABLE default.created
(
    \`id\` Int64,
    \`url\` String,
    \`caption\` String,
    \`NSFW\` String,
    \`similarity\` Float32,
    \`image_embedding\` Array(Float32) CODEC(NONE),
    \`text_embedding\` Array(Float32) CODEC(NONE),
    \`width\` UInt32,
    \`height\` UInt32,
    \`LICENSE\` String
)
ENGINE = MergeTree
ORDER BY id
SETTINGS index_granularity = 8192
`);
  // Part 1 has none.
  expect(
    await read(
      engine,
      'SELECT intDiv(id, 100000000), uniqExact(LICENSE), max(LICENSE) FROM created GROUP BY 1 ORDER BY 1',
    ),
  ).toBe('0\t2\t?\n1\t1\t\n');
  const recorded = await readRecorded(0);
  expect(await values('created', 'hex(LICENSE)', 0)).toEqual(hexOf(recorded.LICENSE ?? []));
});

test('without width, height and LICENSE in the metadata the table has the documented columns only', async () => {
  const plain = join(folder, 'plain');
  await copyPart(1, plain);
  const source = `file('${join(recordedParts, 'metadata_1.parquet')}', Parquet)`;
  const select = `SELECT caption, similarity, url, NSFW FROM ${source} ORDER BY similarity`;
  await writeParquet(engine, join(plain, 'metadata_1.parquet'), select);
  await ingest(engine, { folder: plain, table: 'plain' });
  const columns = await engine.rows<{ name: string }>('DESCRIBE TABLE plain');
  expect(columns.map(({ name }) => name)).toEqual([
    'id',
    'url',
    'caption',
    'NSFW',
    'similarity',
    'image_embedding',
    'text_embedding',
  ]);
  expect(await read(engine, 'SELECT count(), uniqExact(url) FROM plain')).toBe('45\t45\n');
});

test('BFloat16 keeps the upper half of each float', async () => {
  await ingest(engine, { folder: recordedParts, table: 'halves', vectorType: 'BFloat16' });
  const recorded = await readRecorded(0);
  const types = "SELECT type FROM system.columns WHERE table = 'halves' AND name LIKE '%embedding' ORDER BY position";
  expect(await read(engine, types)).toBe('Array(BFloat16)\nArray(BFloat16)\n');
  for (const kind of ['image', 'text'] as const) {
    const asFloats = `arrayMap(x -> toFloat32(x), ${kind}_embedding)`;
    const vectors = await values<number[]>('halves', asFloats, 0);
    expect(vectors.map((vector) => vector.map(Math.fround))).toEqual(recorded[`${kind}_embedding_bfloat16`]);
  }
});

test.each([
  ['a partition for each NSFW', { partitionBy: 'NSFW' }],
  ['partitions by a cast', { partitionBy: 'width::UInt8 % 3' }],
  ['partitions by an expression', { partitionBy: '(intDiv(id, 100000000), width % 7)' }],
  ['ReplacingMergeTree', { tableEngine: 'ReplacingMergeTree' }],
  [
    'ReplacingMergeTree with arguments',
    { tableEngine: 'ReplacingMergeTree(height)', partitionBy: "if(caption = '(', 1, 2)" },
  ],
])('a table with %s gets the same rows', async (_, options) => {
  const table = `like_${Object.values(options).join('_').replaceAll(/\W/g, '')}`;
  await ingest(engine, { folder: recordedParts, table, ...options });
  await engine.run(`OPTIMIZE TABLE ${table} FINAL`);
  const sum = (of: string): Promise<string> => read(engine, `SELECT count(), sum(cityHash64(*)) FROM ${of}`);
  await ingest(engine, { folder: recordedParts, table: 'same' });
  expect(await sum(table)).toBe(await sum('same'));
  expect(await stagingTables(engine)).toEqual([]);
  // The same command again fits the table that it made.
  expect(await ingest(engine, { folder: recordedParts, table, ...options })).toMatchObject({ loaded: [], leftOut: [] });
});

test('the rows are searchable at once: the nearest to a vector is its own row', async () => {
  await ingest(engine, { folder: recordedParts, table: 'searched' });
  const nearest = `WITH (SELECT image_embedding FROM searched WHERE id = 100000007) AS target
    SELECT id FROM searched ORDER BY cosineDistance(image_embedding, target) LIMIT 1`;
  expect(await read(engine, nearest)).toBe('100000007\n');
});
