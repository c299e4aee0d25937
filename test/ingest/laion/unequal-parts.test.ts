import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { repositoryPath } from '../../cli/sandbox.ts';
import { openTestEngine, read } from '../../engine/open-test-engine.ts';
import { copyPart, ingest, laionFixtures, makeFolder, recordedParts, writeParquet } from './laion-parts.ts';

let engine: Engine;
let folder: string;

beforeAll(async () => {
  engine = await openTestEngine();
});

beforeEach(async () => {
  folder = await makeFolder();
  return async () => rm(folder, { recursive: true });
});

afterAll(async () => {
  await engine.close();
});

async function writePart(number: number, dims: number): Promise<void> {
  const generator = join(repositoryPath, 'scripts/write-laion-parts.mjs');
  const options = { first: number, rows: 45, dims };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  await execa(process.execPath, [generator, folder, ...flags]);
}

test('without a table, the parts whose vectors are as long as those of most rows are loaded', async () => {
  await writePart(5, 511);
  await writePart(6, 512);
  await writePart(7, 512);
  const { loaded, leftOut } = await ingest(engine, { folder, table: 'most' });
  expect(loaded.map(({ part }) => part)).toEqual([6, 7]);
  expect(leftOut).toEqual([{ part: 5, reason: "its vectors have 511 dimensions, and the other parts' 512" }]);
  const lengths = 'SELECT DISTINCT length(image_embedding), length(text_embedding) FROM most';
  expect(await read(engine, lengths)).toBe('512\t512\n');
});

test('a part whose two kinds of vectors differ in length is left out', async () => {
  await writePart(1, 9);
  await cp(join(recordedParts, 'text_emb_1.npy'), join(folder, 'text_emb_1.npy'));
  await copyPart(0, folder);
  const { loaded, leftOut } = await ingest(engine, { folder, table: 'differ' });
  expect(loaded).toMatchObject([{ part: 0 }]);
  const reason = 'its vectors are of different lengths: img_emb_1.npy 9, text_emb_1.npy 8';
  expect(leftOut).toEqual([{ part: 1, reason }]);
});

test('parts without rows are left out, and where no part can be loaded no table is made', async () => {
  await copyPart(1, folder);
  await rm(join(folder, 'img_emb_1.npy'));
  for (const kind of ['img_emb', 'text_emb']) {
    await cp(join(laionFixtures, 'npy/no-rows.npy'), join(folder, `${kind}_0.npy`));
  }
  const none = `SELECT * FROM file('${join(recordedParts, 'metadata_1.parquet')}', Parquet) LIMIT 0`;
  await writeParquet(engine, join(folder, 'metadata_0.parquet'), none);
  const { loaded, leftOut } = await ingest(engine, { folder, table: 'nothing' });
  expect(loaded).toEqual([]);
  expect(leftOut).toEqual([
    { part: 1, reason: 'it has no img_emb_….npy beside metadata_1.parquet and text_emb_1.npy' },
    { part: 0, reason: 'it has no vectors' },
  ]);
  expect(await read(engine, "SELECT count() FROM system.tables WHERE name LIKE 'nothing%'")).toBe('0\n');
});

test('the parts of a run may be of different types of floats', async () => {
  await copyPart(1, folder);
  await cp(join(laionFixtures, 'npy/float64.npy'), join(folder, 'img_emb_0.npy'));
  await cp(join(laionFixtures, 'npy/big-endian-float32.npy'), join(folder, 'text_emb_0.npy'));
  const six = `SELECT * FROM file('${join(recordedParts, 'metadata_0.parquet')}', Parquet) LIMIT 6`;
  await writeParquet(engine, join(folder, 'metadata_0.parquet'), six);
  await ingest(engine, { folder, table: 'types', isWanted: (number) => number === 0 });
  // numpy.arange(24) / 8 in both.
  const sums = 'SELECT count(), sum(arraySum(image_embedding)), max(text_embedding[4]) FROM types';
  expect(await read(engine, sums)).toBe('6\t34.5\t2.875\n');
});
