import { cpSync, rmSync, truncateSync } from 'node:fs';
import { cp, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import type { LaionReport } from '../../../src/ingest/laion/laion-report.ts';
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

/** Loads three parts and answers what became of them. */
async function load(report: Partial<LaionReport> = {}): Promise<object> {
  const { loaded, leftOut } = await ingest(engine, { folder, table, report });
  const counts = `SELECT intDiv(id, 100000000) AS part, count(), uniqExact(id) FROM ${table} GROUP BY part ORDER BY part`;
  return {
    loaded: loaded.map(({ part }) => part),
    leftOut,
    counts: await read(engine, counts),
    ledger: await read(engine, `SELECT part, state, reason != '' FROM ${table}_parts FINAL ORDER BY part`),
    stagingTables: await stagingTables(engine),
  };
}

const withoutPart1 = (reason: RegExp): object => ({
  loaded: [0, 2],
  leftOut: [{ part: 1, reason: expect.stringMatching(reason) }],
  counts: '0\t45\t45\n2\t45\t45\n',
  ledger: '0\tloaded\t0\n1\tleft out\t1\n2\tloaded\t0\n',
  stagingTables: [],
});

const thenPart1 = {
  loaded: [1],
  leftOut: [],
  counts: '0\t45\t45\n1\t45\t45\n2\t45\t45\n',
  ledger: '0\tloaded\t0\n1\tloaded\t0\n2\tloaded\t0\n',
  stagingTables: [],
};

describe('a part with one of these is named and left out, the others are loaded, and it is once it is repaired:', () => {
  test.each(found)('%s', async (_, spoil, reason) => {
    await spoil();
    expect(await load()).toEqual(withoutPart1(reason));
    await copyPart(1, folder);
    expect(await load()).toEqual(thenPart1);
  });

  test.each(vanishing)('%s between check and load', async (_, spoil, reason) => {
    const beginPart: LaionReport['beginPart'] = ({ number }) => {
      if (number === 1) spoil();
    };
    expect(await load({ beginPart })).toEqual(withoutPart1(reason));
    await copyPart(1, folder);
    expect(await load()).toEqual(thenPart1);
  });
});
