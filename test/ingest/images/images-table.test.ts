import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { openHost } from '../../../src/api/open-host.ts';
import { imageCount, nothing, TestFolder } from './test-folder.ts';

let folder: TestFolder;

beforeAll(async () => {
  folder = await TestFolder.open();
});
afterAll(async () => folder?.[Symbol.asyncDispose]());
beforeEach(async () => folder.begin());
afterEach(async () => folder.end());

test('repairs a row that is there twice, as after two runs at a time', async () => {
  await folder.ingest();
  await folder.engine.run(`INSERT INTO images SELECT * FROM images WHERE path LIKE '%/3.png'`);
  expect(await folder.ingest()).toMatchObject({ ...nothing, unchanged: imageCount });
  expect(await folder.paths()).toHaveLength(imageCount);
});

test('refuses the vectors of another model, and those of nobody knows whom', async () => {
  await folder.ingest();
  await using other = await openHost({ model: 'tiny-siglip' });
  await expect(folder.ingest({ host: other })).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringMatching(/'images' holds vectors of tiny-clip fp32 sha256:\w+, .* tiny-siglip .* --model/),
  });
  await folder.engine.run("ALTER TABLE images MODIFY COMMENT ''");
  await expect(folder.ingest()).rejects.toMatchObject({ message: expect.stringContaining('does not say which model') });
  expect(await folder.paths()).toHaveLength(imageCount);
});

test('finds a replaced image through a vector index', async () => {
  await folder.ingest();
  await folder.engine.run(
    `ALTER TABLE images ADD INDEX near image_embedding TYPE vector_similarity('hnsw', 'cosineDistance', 16);
     ALTER TABLE images MATERIALIZE INDEX near SETTINGS mutations_sync = 2`,
  );
  await folder.writeImage('3.png', 100);
  expect(await folder.ingest()).toMatchObject({ ...nothing, changed: 1, computed: { images: 1 } });
  const near = `SELECT path FROM images ORDER BY cosineDistance(image_embedding, [${(await folder.vectorOf(100)).join()}]) LIMIT 1`;
  expect(await folder.select(near)).toEqual([{ path: folder.in('3.png') }]);
});

test('gives images without caption a zero text vector where the index takes no empty one', async () => {
  await folder.ingest({ places: [folder.in('1.png')] });
  await folder.engine.run(
    `ALTER TABLE images ADD INDEX near text_embedding TYPE vector_similarity('hnsw', 'cosineDistance', 16);
     ALTER TABLE images MATERIALIZE INDEX near SETTINGS mutations_sync = 2`,
  );
  expect(await folder.ingest()).toMatchObject({ new: imageCount - 1, unchanged: 1 });
  expect(await folder.select("SELECT DISTINCT text_embedding AS vector FROM images WHERE caption = ''")).toEqual([
    { vector: Array.from({ length: 16 }, () => 0) },
  ]);
});

test('with a model that embeds no texts it keeps captions, without vectors', async () => {
  await using dino = await openHost({ model: 'tiny-dino' });
  const options = { host: dino, embedsTexts: false };
  expect(await folder.ingest(options)).toMatchObject({ new: imageCount, computed: { images: imageCount, texts: 0 } });
  expect(await folder.select("SELECT caption, text_embedding AS vector FROM images WHERE caption != ''")).toEqual([
    { caption: 'one', vector: [] },
  ]);
  expect(await folder.ingest(options)).toMatchObject({ ...nothing, unchanged: imageCount });
});

test('refuses a table of other columns, by name', async () => {
  await folder.engine.run('CREATE TABLE images (path String, bytes UInt32) ENGINE = MergeTree ORDER BY path');
  await expect(folder.ingest()).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringMatching(
      /^the table 'images' is not one of images: it has bytes UInt32 in place of UInt64, no column width UInt32, /,
    ),
  });
  expect(await folder.select('SHOW TABLES')).toEqual([{ name: 'images' }]);
});

test('fills an empty table of the user, with more columns and another engine', async () => {
  await folder.ingest({ places: [folder.in('[x].png')] });
  const [created] = await folder.engine.rows<{ statement: string }>('SHOW CREATE TABLE images');
  const own = created?.statement
    .replace('(\n', "(\n    `album` String DEFAULT splitByChar('/', path)[-2],\n")
    .replace('MergeTree', 'ReplacingMergeTree')
    .replace(/COMMENT '.*'/, '');
  await folder.engine.run(`DROP TABLE images; ${own ?? ''}`);
  expect(await folder.ingest()).toMatchObject({ new: imageCount });
  expect(await folder.select('SELECT DISTINCT album FROM images')).toEqual([{ album: folder.path.split('/').at(-1) }]);
  expect(await folder.ingest()).toMatchObject({ ...nothing, unchanged: imageCount });
});
