import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { findParts } from '../../../src/ingest/laion/find-parts.ts';
import { filesOfPart, makeFolder } from './laion-parts.ts';

let folder: string;

beforeEach(async () => {
  folder = await makeFolder();
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Makes empty files, with the folders that they are in. */
async function make(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), '');
  }
}

const makePart = async (number: number | string): Promise<void> => make(...filesOfPart(number));

async function numbers(isWanted?: (number: number) => boolean): Promise<number[]> {
  const { parts, leftOut } = await findParts(folder, isWanted);
  expect(leftOut).toEqual([]);
  return parts.map(({ number }) => number);
}

test('finds parts whose files are all in one folder, in the order of their numbers', async () => {
  for (const number of [10, 2, 0]) await makePart(number);
  const { parts } = await findParts(folder);
  expect(parts.map(({ number }) => number)).toEqual([0, 2, 10]);
  expect(parts[1]).toEqual({
    number: 2,
    imagePath: join(folder, 'img_emb_2.npy'),
    textPath: join(folder, 'text_emb_2.npy'),
    metadataPath: join(folder, 'metadata_2.parquet'),
  });
});

test('finds parts whose kinds of files are in folders of their own, also within embeddings/', async () => {
  await make('embeddings/img_emb/img_emb_3.npy', 'embeddings/text_emb/text_emb_3.npy');
  await make('embeddings/metadata/metadata_3.parquet');
  expect(await numbers()).toEqual([3]);
  expect((await findParts(join(folder, 'embeddings'))).parts).toHaveLength(1);
});

test('reads zero-padded numbers, also where only some of the files have them', async () => {
  await makePart('0007');
  await make('img_emb_12.npy', 'text_emb_0012.npy', 'metadata_012.parquet');
  expect(await numbers()).toEqual([7, 12]);
});

test('follows links to files and to folders', async () => {
  await make('disk1/img_emb_0.npy', 'disk2/text_emb_0.npy', 'disk2/metadata_0.parquet');
  await mkdir(join(folder, 'all'));
  await symlink('../disk1/img_emb_0.npy', join(folder, 'all/img_emb_0.npy'));
  await symlink('../disk2', join(folder, 'all/rest'));
  expect((await findParts(join(folder, 'all'))).parts).toHaveLength(1);
});

test('takes a file that is reached in several ways for one', async () => {
  await makePart(0);
  await symlink('.', join(folder, 'latest'));
  await symlink('img_emb_0.npy', join(folder, 'img_emb_00.npy'));
  expect(await numbers()).toEqual([0]);
});

test('looks at parts that are wanted only', async () => {
  for (const number of [0, 1, 2]) await makePart(number);
  await make('img_emb_3.npy');
  expect(await numbers((number) => number === 1)).toEqual([1]);
});

test('names the files that a part lacks', async () => {
  await makePart(0);
  await make('img_emb_1.npy', 'metadata_2.parquet', 'text_emb_2.npy');
  const { parts, leftOut } = await findParts(folder);
  expect(parts).toHaveLength(1);
  expect(leftOut).toEqual([
    { number: 1, reason: 'it has no text_emb_….npy and metadata_….parquet beside img_emb_1.npy' },
    { number: 2, reason: 'it has no img_emb_….npy beside metadata_2.parquet and text_emb_2.npy' },
  ]);
});

test('leaves out a part that has two different files of a kind, and names both', async () => {
  await makePart(4);
  await makePart(5);
  await make('img_emb/img_emb_4.npy', 'text_emb_05.npy');
  const { parts, leftOut } = await findParts(folder);
  expect(parts).toEqual([]);
  expect(leftOut.map(({ number }) => number)).toEqual([4, 5]);
  for (const path of ['img_emb/img_emb_4.npy', 'img_emb_4.npy']) {
    expect(leftOut[0]?.reason).toContain(join(folder, path));
  }
});

test('leaves alone what is named otherwise: CSV files, downloads that are not done, folders, images', async () => {
  await makePart(0);
  await make('0.csv', 'img_emb_1.npy.aria2', 'img_emb_1.npy.incomplete', 'my_img_emb_1.npy', 'metadata_1.parquet.tmp');
  await make('text_emb_1.parquet', 'metadata_1.npy', 'img_emb_-1.npy', 'img_emb_1e3.npy', 'img_emb_9999999999.npy');
  await mkdir(join(folder, 'metadata_1.parquet'));
  expect(await numbers()).toEqual([0]);
});

test('a folder without parts, or without those that are wanted, is an error that says what is looked for', async () => {
  await make('a.csv');
  const nothing = { code: 'FILE_UNUSABLE', message: expect.stringContaining('expected img_emb_0.npy') };
  await expect(findParts(folder)).rejects.toMatchObject(nothing);
  await makePart(0);
  await expect(findParts(folder, (number) => number > 0)).rejects.toMatchObject(nothing);
});

test('a folder that is not there, or is a file, is an error with its name', async () => {
  await make('file');
  for (const name of ['missing', 'file']) {
    const path = join(folder, name);
    const error = { code: 'FILE_UNUSABLE', message: expect.stringContaining(path) };
    await expect(findParts(path)).rejects.toMatchObject(error);
  }
});

test('a dangling link stands for its file, which is then found missing by its name', async () => {
  await makePart(0);
  await rename(join(folder, 'img_emb_0.npy'), join(folder, 'elsewhere.npy'));
  await symlink('gone.npy', join(folder, 'img_emb_0.npy'));
  expect(await numbers()).toEqual([0]);
});
