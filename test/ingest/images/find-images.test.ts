import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { findImages, type Finding } from '../../../src/ingest/images/find-images.ts';
import { openPlace } from '../../../src/ingest/images/place.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-find-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), 'x');
  }
}

async function find(given = folder): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of findImages(await openPlace(given), new AbortController().signal)) findings.push(finding);
  return findings;
}

/** The images found, by their paths in the folder. */
async function names(given?: string): Promise<string[]> {
  return (await find(given)).flatMap((finding) =>
    finding.type === 'image' ? finding.image.path.slice(folder.length + 1) : [],
  );
}

test('finds images by their extensions, in any case and depth, without hidden files and folders', async () => {
  await write('b.JPG', 'a/deep/er/c.webp', 'notes.txt', 'a.parquet', '0_stats.json', '.hidden.jpg', '.git/d.png');
  expect(await names()).toEqual(['b.JPG', 'a/deep/er/c.webp']);
});

test('finds names with blanks, quotes, newlines, emoji and the characters of globs', async () => {
  const odd = ["it's.jpg", 'a "b".jpg', 'new\nline.jpg', '😀.jpg', '*.jpg', '[x]?{y}.jpg', 'back\\slash.jpg', ' .jpg'];
  await write(...odd);
  expect((await names()).toSorted()).toEqual(odd.toSorted());
});

test('takes a folder whose name has characters of globs as it is called', async () => {
  await write('photos [2024]*/a.jpg', 'photos 2/b.jpg');
  expect(await names(join(folder, 'photos [2024]*'))).toEqual(['photos [2024]*/a.jpg']);
});

test('takes a glob, with captions beside what it matches', async () => {
  await write('a/1.jpg', 'a/2.png', 'b/deep/3.jpg', 'b/4.gif', 'c/5.jpg');
  await writeFile(join(folder, 'b/deep/3.txt'), 'three');
  expect(await names(join(folder, '{a,b}/**/*.jpg'))).toEqual(['a/1.jpg', 'b/deep/3.jpg']);
  expect(await find(join(folder, 'b/**/*.jpg'))).toContainEqual({
    type: 'image',
    image: expect.objectContaining({ caption: 'three', bytes: 1 }),
  });
});

test('takes one file, with its caption', async () => {
  await write('a.jpg', 'b.jpg');
  await writeFile(join(folder, 'a.json'), '{"caption":"one"}');
  expect(await find(join(folder, 'a.jpg'))).toEqual([
    { type: 'read', path: join(folder, 'a.json') },
    { type: 'image', image: expect.objectContaining({ path: join(folder, 'a.jpg'), caption: 'one' }) },
  ]);
});

test('follows links, ends in circles of them, and finds a file by its own path first', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'embedhouse-outside-'));
  try {
    await writeFile(join(outside, 'o.jpg'), 'x');
    await write('real/a.jpg');
    await symlink('.', join(folder, '0-circle'));
    await symlink('real', join(folder, '0-again'));
    await symlink('../real', join(folder, 'real/up'));
    await symlink(outside, join(folder, 'link'));
    await symlink('real/a.jpg', join(folder, 'z.jpg'));
    expect(await names()).toEqual(['z.jpg', 'real/a.jpg', 'link/o.jpg']);
  } finally {
    await rm(outside, { recursive: true });
  }
});

test('finds what is no file by the name of an image, so that its failure is told', async () => {
  await write('folder.jpg/inner.png');
  await symlink('nowhere', join(folder, 'nothing.png'));
  await symlink('circle.gif', join(folder, 'circle.gif'));
  expect(await names()).toEqual(['circle.gif', 'folder.jpg', 'nothing.png', 'folder.jpg/inner.png']);
});

test.runIf(process.platform === 'linux')('names files and folders whose names are not UTF-8', async () => {
  await write('a.jpg');
  // Node writes no such names.
  execFileSync('sh', ['-c', String.raw`touch "$1/$(printf 'b\377.jpg')"; mkdir "$1/$(printf 'c\377')"`, '-', folder]);
  const findings = await find();
  expect(findings.filter(({ type }) => type === 'unreadable')).toEqual([
    { type: 'unreadable', path: join(folder, 'b\uFFFD.jpg'), reason: expect.stringContaining('not UTF-8') },
    { type: 'unreadable', path: join(folder, 'c\uFFFD'), reason: expect.stringContaining('not UTF-8') },
  ]);
  expect(await names()).toEqual(['a.jpg']);
});

test('tells of pictures that are left out because they cannot be decoded', async () => {
  await write('a.HEIC', 'b.svg', 'c.doc');
  const leftOut = (await find()).filter(({ type }) => type === 'leftOut');
  expect(leftOut).toEqual([
    { type: 'leftOut', extension: '.heic' },
    { type: 'leftOut', extension: '.svg' },
  ]);
});

test('tells of a caption that cannot be read, and finds its image without one', async () => {
  await write('a.jpg', 'b.jpg');
  await writeFile(join(folder, 'a.txt'), Buffer.from([0xe9]));
  await writeFile(join(folder, 'b.json'), '{"caption":');
  expect((await find()).slice(1)).toEqual([
    { type: 'unreadable', path: join(folder, 'a.txt'), reason: expect.stringContaining('not UTF-8') },
    { type: 'image', image: expect.objectContaining({ caption: '' }) },
    { type: 'unreadable', path: join(folder, 'b.json'), reason: expect.stringContaining('not JSON') },
    { type: 'image', image: expect.objectContaining({ caption: '' }) },
  ]);
});

test.each(['nowhere', 'nowhere/*.jpg', ''])(
  'refuses the place %j, which is not there, with its name',
  async (given) => {
    const place = given === '' ? openPlace(join(folder, 'a.jpg')) : openPlace(join(folder, given));
    await expect(place).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      message: expect.stringContaining(given === '' ? 'a.jpg' : given),
    });
  },
);
