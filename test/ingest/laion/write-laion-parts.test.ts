import { createHash } from 'node:crypto';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { repositoryPath } from '../../cli/sandbox.ts';
import { openTestEngine, read } from '../../engine/open-test-engine.ts';
import { laionFixtures, makeFolder } from './laion-parts.ts';

let engine: Engine;
let folder: string;

beforeAll(async () => {
  engine = await openTestEngine();
});

afterAll(async () => {
  await engine.close();
});

beforeEach(async () => {
  folder = await makeFolder();
  return async () => rm(folder, { recursive: true });
});

async function write(...args: string[]): Promise<{ exitCode?: number | undefined; stderr: string }> {
  const script = join(repositoryPath, 'scripts/write-laion-parts.mjs');
  return execa(process.execPath, [script, ...args], { reject: false });
}

const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

test('writes the vectors that numpy computes and saves, to the byte', async () => {
  await write(folder, '--rows', '1000', '--dims', '64');
  const path = join(folder, 'img_emb_0.npy');
  // Written by scripts/fixtures/laion.py.
  const recorded = JSON.parse(await readFile(join(laionFixtures, 'generated.json'), 'utf8')) as {
    header: string;
    first_values: number[];
    sha256: string;
  };
  expect((await readFile(path)).subarray(0, 128).toString('hex')).toBe(recorded.header);
  const [first] = await engine.rows<{ vector: number[] }>(
    `SELECT array AS vector FROM file('${path}', Npy) LIMIT 1 SETTINGS max_threads = 1`,
  );
  expect(first?.vector.slice(0, 16).map(Math.fround)).toEqual(recorded.first_values);
  expect(await sha256(path)).toBe(recorded.sha256);
});

test('writes vectors of length 1 that are different in each file', async () => {
  await write(folder, '--rows', '200', '--dims', '512', '--parts', '2');
  const files = `file('${folder}/*.npy', Npy)`;
  const sums = `SELECT uniqExact(_file), uniqExact(array), min(L2Norm(array)) > 0.9, max(L2Norm(array)) < 1.1 FROM ${files}`;
  expect(await read(engine, sums)).toBe('4\t800\t1\t1\n');
});

test('writes captions with all that breaks CSV, NULLs where the original has them, and its columns', async () => {
  await write(folder, '--rows', '2000', '--dims', '2');
  const metadata = `file('${join(folder, 'metadata_0.parquet')}', Parquet)`;
  const found = ['"', "'", '\n', '\t', '🐶', '\\', ','].map(
    (text) => `countIf(position(caption, '${text.replaceAll(/[\\']/g, String.raw`\$&`)}') > 0) > 10`,
  );
  const kinds = `SELECT ${found.join(', ')}, countIf(caption IS NULL) > 0, countIf(caption = '') > 0, countIf(NSFW IS NULL) > 0,
    uniqExact(url) FROM ${metadata}`;
  expect(await read(engine, kinds)).toBe(`${'1\t'.repeat(10)}2000\n`);
  const columns = await engine.rows<{ name: string }>(`DESCRIBE TABLE ${metadata}`);
  for (const name of ['url', 'caption', 'NSFW', 'similarity', 'LICENSE', 'width', 'height', 'key', 'exif', 'md5']) {
    expect(columns.map((column) => column.name)).toContain(name);
  }
});

test('writes the same files again, numbered from where it is told, in folders and zero-padded if wanted', async () => {
  const arguments_ = ['--rows', '50', '--dims', '4', '--parts', '2', '--first', '9'];
  await write(join(folder, 'flat'), ...arguments_);
  await write(join(folder, 'deep'), ...arguments_, '--folders', '--digits', '4');
  expect((await readdir(join(folder, 'flat'))).toSorted()).toEqual([
    'img_emb_10.npy',
    'img_emb_9.npy',
    'metadata_10.parquet',
    'metadata_9.parquet',
    'text_emb_10.npy',
    'text_emb_9.npy',
  ]);
  for (const [kind, extension] of [
    ['img_emb', 'npy'],
    ['text_emb', 'npy'],
    ['metadata', 'parquet'],
  ] as const) {
    for (const number of [9, 10]) {
      const padded = `${kind}_${String(number).padStart(4, '0')}.${extension}`;
      const deep = join(folder, 'deep', kind, padded);
      expect(await sha256(deep)).toBe(await sha256(join(folder, 'flat', `${kind}_${number}.${extension}`)));
    }
  }
});

test('says what it takes when it gets something else', async () => {
  expect((await write()).exitCode).toBe(2);
  expect(await write(folder, '--rows', 'many')).toMatchObject({
    exitCode: 2,
    stderr: "--rows: expected a whole number, got 'many'",
  });
});
