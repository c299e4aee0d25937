import { cpSync, rmSync, truncateSync } from 'node:fs';
import { cp, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import type { LaionReport } from '../../../src/ingest/laion/laion-report.ts';
import { repositoryPath } from '../../cli/sandbox.ts';
import { openTestEngine, read } from '../../engine/open-test-engine.ts';
import {
  copyPart,
  damage,
  filesOfPart,
  ingest,
  laionFixtures,
  makeFolder,
  recordedParts,
  stagingTables,
  writeParquet,
} from './laion-parts.ts';

let engine: Engine;
let folder: string;
let table: string;
let tables = 0;

beforeAll(async () => {
  engine = await openTestEngine();
});

beforeEach(async () => {
  folder = await makeFolder();
  for (const number of [0, 1, 2]) await copyPart(1, folder, number);
  table = `bad_${tables++}`;
  return async () => rm(folder, { recursive: true });
});

afterAll(async () => {
  await engine.close();
});

const metadata = `file('${join(recordedParts, 'metadata_1.parquet')}', Parquet)`;
const path = (name: string): string => join(folder, name);
const parquet = async (select: string): Promise<void> => {
  await rm(path('metadata_1.parquet'));
  await writeParquet(engine, path('metadata_1.parquet'), select);
};
const flip = (at: (bytes: Buffer) => number) => async (): Promise<void> =>
  damage(path('metadata_1.parquet'), (bytes) => {
    const start = at(bytes);
    return bytes.map((byte, index) => (index >= start && index < start + 40 ? byte ^ 0x5a : byte));
  });

/** What is done to part 1 before it is checked, and what the reason must say. */
const found: [string, () => Promise<void>, RegExp][] = [
  [
    'an image file that is cut off',
    async () => truncate(path('img_emb_1.npy'), 700),
    /img_emb_1\.npy is cut off: 45 vectors of 8 dimensions are 848 bytes, and it has 700$/,
  ],
  [
    'a text file that is cut off within its header',
    async () => truncate(path('text_emb_1.npy'), 100),
    /text_emb_1\.npy is cut off within its header$/,
  ],
  [
    'a byte too many',
    async () => damage(path('text_emb_1.npy'), (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])),
    /text_emb_1\.npy has something behind its vectors: .* 848 bytes, and it has 849$/,
  ],
  ['no byte in a file', async () => truncate(path('img_emb_1.npy'), 0), /img_emb_1\.npy is no \.npy file/],
  [
    'metadata of another number of rows',
    async () => parquet(`SELECT * FROM ${metadata} LIMIT 44`),
    /^its files have different numbers of rows: img_emb_1\.npy 45, text_emb_1\.npy 45, metadata_1\.parquet 44$/,
  ],
  [
    'metadata that is cut off',
    async () => truncate(path('metadata_1.parquet'), 3000),
    /metadata_1\.parquet is no parquet file, or is cut off/,
  ],
  [
    'metadata of 0 bytes',
    async () => truncate(path('metadata_1.parquet'), 0),
    /metadata_1\.parquet is no parquet file, or is cut off/,
  ],
  [
    'an error page in place of metadata',
    async () => writeFile(path('metadata_1.parquet'), '<html>404 Not Found</html>'),
    /metadata_1\.parquet is no parquet file, or is cut off/,
  ],
  [
    'a damaged footer',
    flip((bytes) => bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8)),
    /metadata_1\.parquet is no parquet file, or is cut off/,
  ],
  [
    'a column missing',
    async () => parquet(`SELECT url, caption, similarity FROM ${metadata}`),
    /metadata_1\.parquet has no column NSFW: it has url, caption, similarity$/,
  ],
  [
    'vectors of one file longer than those of the other',
    async () => cp(join(laionFixtures, 'npy/float16.npy'), path('img_emb_1.npy')),
    /^its files have different numbers of rows: img_emb_1\.npy 6/,
  ],
  ['pages that cannot be read', flip(() => 40), /metadata_1\.parquet/],
  ['pages with other bytes in the middle', flip((bytes) => Math.floor(bytes.length / 3)), /metadata_1\.parquet/],
  [
    'a file that is gone',
    async () => rm(path('text_emb_1.npy')),
    /^it has no text_emb_….npy beside img_emb_1\.npy and metadata_1\.parquet$/,
  ],
  [
    'another kind of file in place of vectors',
    async () => cp(path('metadata_1.parquet'), path('img_emb_1.npy')),
    /img_emb_1\.npy is no \.npy file/,
  ],
];

/** The same after it was checked, when its load begins. */
const vanishing: [string, () => void, RegExp][] = [
  ['metadata that vanishes', () => rmSync(path('metadata_1.parquet')), /metadata_1\.parquet cannot be read \(ENOENT/],
  ['vectors that vanish', () => rmSync(path('text_emb_1.npy')), /text_emb_1\.npy cannot be read \(ENOENT/],
  ['a file that is cut off meanwhile', () => truncateSync(path('img_emb_1.npy'), 400), /img_emb_1\.npy is cut off/],
  [
    'files that are replaced by those of another part',
    () => {
      for (const name of filesOfPart(1)) cpSync(join(recordedParts, name.replace('1', '0')), path(name));
    },
    /^60 rows came out of its files, and they said 45: were they changed meanwhile\?$/,
  ],
];

async function expectLeftOut(reason: RegExp, report: Partial<LaionReport> = {}): Promise<void> {
  const { loaded, leftOut } = await ingest(engine, { folder, table, report });
  expect(leftOut).toEqual([{ part: 1, reason: expect.stringMatching(reason) }]);
  expect(leftOut[0]?.reason).not.toContain('\n');
  expect(loaded.map(({ part }) => part)).toEqual([0, 2]);
  const counts = `SELECT countIf(intDiv(id, 100000000) = 1), count(), uniqExact(id) FROM ${table}`;
  expect(await read(engine, counts)).toBe('0\t90\t90\n');
  const ledger = `SELECT part, state, reason != '' FROM ${table}_parts FINAL ORDER BY part`;
  expect(await read(engine, ledger)).toBe('0\tloaded\t0\n1\tleft out\t1\n2\tloaded\t0\n');
  expect(await stagingTables(engine)).toEqual([]);
}

async function expectLoadedOnceRepaired(): Promise<void> {
  await copyPart(1, folder);
  const { loaded, leftOut } = await ingest(engine, { folder, table });
  expect({ loaded: loaded.map(({ part }) => part), leftOut }).toEqual({ loaded: [1], leftOut: [] });
  // All three parts are copies of one.
  const contents = `SELECT count(), groupUniqArray((rows, sum)) FROM
    (SELECT count() AS rows, sum(cityHash64(* EXCEPT (id))) > 0 AS sum FROM ${table} GROUP BY intDiv(id, 100000000))`;
  expect(await read(engine, contents)).toBe('3\t[(45,1)]\n');
}

describe('a part with one of these is named and left out, the others are loaded, and it is once it is repaired:', () => {
  test.each(found)('%s', async (_, spoil, reason) => {
    await spoil();
    await expectLeftOut(reason);
    await expectLoadedOnceRepaired();
  });

  test.each(vanishing)('%s between check and load', async (_, spoil, reason) => {
    await expectLeftOut(reason, {
      beginPart: ({ number }) => {
        if (number === 1) spoil();
      },
    });
    await expectLoadedOnceRepaired();
  });
});

test('without a table, parts whose vectors are as long as those of most rows are loaded', async () => {
  const generator = join(repositoryPath, 'scripts/write-laion-parts.mjs');
  for (const [number, dims] of [
    ['5', '511'],
    ['6', '512'],
    ['7', '512'],
  ]) {
    await execa(process.execPath, [generator, folder, '--first', number ?? '', '--rows', '40', '--dims', dims ?? '']);
  }
  const { loaded, leftOut } = await ingest(engine, { folder, table, isWanted: (number) => number > 4 });
  expect(loaded.map(({ part }) => part)).toEqual([6, 7]);
  expect(leftOut).toEqual([{ part: 5, reason: "its vectors have 511 dimensions, and the other parts' 512" }]);
  expect(await read(engine, `SELECT DISTINCT length(image_embedding), length(text_embedding) FROM ${table}`)).toBe(
    '512\t512\n',
  );
});

test('a part whose two kinds of vectors differ in length is left out', async () => {
  const other = await makeFolder();
  const generator = join(repositoryPath, 'scripts/write-laion-parts.mjs');
  await execa(process.execPath, [generator, other, '--first', '1', '--rows', '45', '--dims', '9']);
  await cp(join(other, 'img_emb_1.npy'), path('img_emb_1.npy'));
  await rm(other, { recursive: true });
  await expectLeftOut(/^its vectors are of different lengths: img_emb_1\.npy 9, text_emb_1\.npy 8$/);
});

test('parts without rows are left out, and where no part can be loaded no table is made', async () => {
  for (const name of filesOfPart(2)) await rm(path(name));
  for (const kind of ['img_emb', 'text_emb']) {
    await cp(join(laionFixtures, 'npy/no-rows.npy'), path(`${kind}_0.npy`));
    await rm(path(`${kind}_1.npy`));
  }
  await writeParquet(engine, path('metadata_0.parquet'), `SELECT * FROM ${metadata} LIMIT 0`);
  const { loaded, leftOut } = await ingest(engine, { folder, table });
  expect(loaded).toEqual([]);
  expect(leftOut).toEqual([
    { part: 1, reason: 'it has no img_emb_….npy and text_emb_….npy beside metadata_1.parquet' },
    { part: 0, reason: 'it has no vectors' },
  ]);
  expect(await read(engine, `SELECT count() FROM system.tables WHERE name LIKE '${table}%'`)).toBe('0\n');
});
