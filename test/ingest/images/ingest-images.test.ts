import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { openHost } from '../../../src/api/open-host.ts';
import { makeImage } from './write-images.ts';
import { imageCount, nothing, TestFolder } from './test-folder.ts';

let folder: TestFolder;

beforeAll(async () => {
  folder = await TestFolder.open();
});
afterAll(async () => folder?.[Symbol.asyncDispose]());
beforeEach(async () => folder.begin());
afterEach(async () => folder.end());

test('computes a changed file, and replaces its row', async () => {
  await folder.ingest();
  await folder.writeImage('3.png', 100);
  expect(await folder.ingest()).toMatchObject({
    ...nothing,
    changed: 1,
    unchanged: imageCount - 1,
    computed: { images: 1, texts: 0 },
  });
  const [row] = await folder.select(`SELECT image_embedding AS vector FROM images WHERE path = '${folder.path}/3.png'`);
  expect(row).toEqual({ vector: (await folder.vectorOf(100)).map((value) => expect.closeTo(value, 6)) });
  expect(await folder.paths()).toHaveLength(imageCount);
});

test('computes nothing for a file whose time alone has changed, and keeps the new time', async () => {
  await folder.ingest();
  const at = await folder.touch('3.png');
  expect(await folder.ingest()).toMatchObject({ ...nothing, unchanged: imageCount });
  const [row] = await folder.select(
    `SELECT toUnixTimestamp(modified) AS at FROM images WHERE path = '${folder.path}/3.png'`,
  );
  expect(row).toEqual({ at });
});

test('computes only the text of a caption that has come or changed, and takes one that is gone away', async () => {
  await folder.ingest();
  await folder.write('2.json', '{"caption":"two"}');
  await folder.write('1.txt', 'uno');
  expect(await folder.ingest()).toMatchObject({ ...nothing, changed: 2, computed: { images: 0, texts: 2 } });
  const captioned = "SELECT caption, length(text_embedding) AS length FROM images WHERE caption != '' ORDER BY path";
  expect(await folder.select(captioned)).toEqual([
    { caption: 'uno', length: 16 },
    { caption: 'two', length: 16 },
  ]);
  await rm(folder.in('1.txt'));
  expect(await folder.ingest()).toMatchObject({ ...nothing, changed: 1 });
  expect(await folder.select(captioned)).toEqual([{ caption: 'two', length: 16 }]);
});

test('takes the vector of a renamed file from the row of its old name, which is told as gone', async () => {
  await folder.ingest();
  await rename(folder.in('3.png'), folder.in('three.png'));
  expect(await folder.ingest()).toMatchObject({ ...nothing, new: 1, gone: 1, goneExamples: [folder.in('3.png')] });
  expect(await folder.paths()).toHaveLength(imageCount + 1);
  const same = `SELECT uniqExact(image_embedding) AS vectors FROM images WHERE path LIKE '%/3.png' OR path LIKE '%/three.png'`;
  expect(await folder.select(same)).toEqual([{ vectors: 1 }]);
});

test('removes what is gone from the places alone, and only when told to', async () => {
  await folder.ingest();
  const other = await mkdtemp(join(tmpdir(), 'embedhouse-other-'));
  await writeFile(join(other, 'o.png'), await makeImage(200));
  await folder.ingest({ places: [other] });
  await rm(other, { recursive: true });
  await rm(folder.in('3.png'));
  expect(await folder.ingest()).toMatchObject({ ...nothing, gone: 1 });
  expect(await folder.ingest({ places: [folder.in('[5-9].png')], prune: true })).toMatchObject({ gone: 0, pruned: 0 });
  expect(await folder.ingest({ prune: true })).toMatchObject({ gone: 1, pruned: 1 });
  expect(await folder.paths()).toHaveLength(imageCount - 1 + 1);
  expect(await folder.ingest()).toMatchObject({ ...nothing, unchanged: imageCount - 1 });
});

test('prunes nothing where no image at all is left', async () => {
  await folder.ingest();
  await rm(folder.path, { recursive: true });
  await mkdir(folder.path);
  await expect(folder.ingest({ prune: true })).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: expect.stringContaining('nothing was pruned'),
  });
  expect(await folder.paths()).toHaveLength(imageCount);
});

test('keeps a file in one of both tables: broken, as it was, removed, repaired', async () => {
  await folder.ingest();
  await folder.write('3.png', 'no image');
  expect(await folder.ingest()).toMatchObject({ ...nothing, failed: 1, failedBefore: 0 });
  expect(await folder.paths()).toHaveLength(imageCount - 1);
  expect(await folder.paths('images_failures')).toEqual([folder.in('3.png')]);

  expect(await folder.ingest()).toMatchObject({ ...nothing, failed: 1, failedBefore: 1 });
  await folder.writeImage('3.png', 3);
  expect(await folder.ingest()).toMatchObject({ ...nothing, new: 1, computed: { images: 1 } });
  expect(await folder.paths()).toHaveLength(imageCount);
  expect(await folder.paths('images_failures')).toEqual([]);

  await folder.write('4.png', '');
  await folder.ingest();
  await rm(folder.in('4.png'));
  expect(await folder.ingest()).toMatchObject({ ...nothing, unchanged: imageCount - 1 });
  expect(await folder.paths('images_failures')).toEqual([]);
});

test('tells of a caption that cannot be read until it can', async () => {
  await folder.ingest();
  await folder.write('2.json', '{');
  expect(await folder.ingest()).toMatchObject({ ...nothing, unchanged: imageCount, failed: 1, failedBefore: 0 });
  expect(await folder.ingest()).toMatchObject({ ...nothing, unchanged: imageCount, failed: 1, failedBefore: 1 });
  expect(await folder.paths('images_failures')).toEqual([folder.in('2.json')]);
  await folder.write('2.json', '{"caption":"two"}');
  expect(await folder.ingest()).toMatchObject({ ...nothing, changed: 1, computed: { images: 0, texts: 1 } });
  expect(await folder.paths('images_failures')).toEqual([]);
});

test('counts files of places that overlap once', async () => {
  await folder.ingest();
  const places = [folder.path, folder.in('*.png'), folder.in('3.png')];
  expect(await folder.ingest({ places })).toMatchObject({ ...nothing, unchanged: imageCount });
});

test('stores paths and captions as they are, whatever is in them', async () => {
  const odd = ["it's.png", 'a "b" \\n.png', 'new\nline\t.png', '😀.png', '*{a:String}.png'];
  for (const [index, name] of odd.entries()) {
    await folder.writeImage(name, 100 + index);
    await folder.write(name.replace('.png', '.txt'), `caption\n'of' \\ ${name}`);
  }
  expect(await folder.ingest()).toMatchObject({ new: imageCount + odd.length });
  const rows = await folder.select("SELECT path, caption FROM images WHERE caption LIKE 'caption%' ORDER BY path");
  expect(rows).toEqual(
    odd
      .map((name) => ({ path: folder.in(name), caption: `caption\n'of' \\ ${name}` }))
      .toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))),
  );
  // Rows are deleted by their paths.
  for (const [index, name] of odd.entries()) await folder.writeImage(name, 110 + index);
  expect(await folder.ingest()).toMatchObject({ changed: odd.length, gone: 0, failed: 0 });
  expect(await folder.paths()).toHaveLength(imageCount + odd.length);
});

test('computes the same picture in several files once', async () => {
  await folder.writeImage('copy.png', 3);
  expect(await folder.ingest()).toMatchObject({ new: imageCount + 1, computed: { images: imageCount } });
});

test('an error of the host ends the run, and what was done until then is kept', async () => {
  for (let number = imageCount; number < 500; number++) await folder.writeImage(`${number}.png`, number);
  await using own = await openHost({ model: 'tiny-clip' });
  let embedded = 0;
  const run = folder.ingest({
    host: own,
    onProgress: (progress) => {
      if (progress.step !== 'embedding' || progress.done < 100) return;
      embedded = progress.done;
      void own.close();
    },
  });
  await expect(run).rejects.toMatchObject({ code: 'CANCELLED', message: expect.stringContaining('closed') });
  expect((await folder.paths()).length).toBeGreaterThanOrEqual(embedded);
});
