import { cp, mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { fixturesPath, makeSandbox, tinyModel, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox(tinyModel);
});

afterAll(async () => {
  await sandbox.remove();
});

const images = join(fixturesPath, 'images');

test('every text and the empty path have a vector of 512 with the bundled model; long texts differ', async () => {
  const sql = `
    SELECT length(encode_text('')), length(encode_text(repeat('word ', 500))), length(encode_image(''));
    SELECT encode_text('a dog ' || repeat('word ', 500)) != encode_text('a cat ' || repeat('word ', 500));
    SELECT arraySum(encode_image('')), round(arraySum(x -> x * x, encode_text('')), 3) > 0`;
  const env = { EMBEDHOUSE_MODELS: undefined, EMBEDHOUSE_MODEL: 'emoji-clip' };
  expect(await sandbox.query(sql, { env })).toBe('512\t512\t512\n1\n0\t1\n');
});

test('takes what ClickHouse converts to a String, alone and in columns', async () => {
  const sql = `
    SELECT encode_text(toLowCardinality('7')) = v, encode_text(toNullable('7')) = v, encode_text(7) = v,
      encode_text(toFixedString('7', 4)) = encode_text(CAST(toFixedString('7', 4) AS String)) FROM (SELECT encode_text('7') AS v);
    SELECT countIf(encode_text(toLowCardinality(toString(number % 3))) = encode_text(toString(number % 3))),
      countIf(encode_text(toNullable(toString(number % 3))) = encode_text(number % 3)), uniqExact(encode_text(number % 3))
      FROM numbers(1000)`;
  expect(await sandbox.query(sql)).toBe('1\t1\t1\t1\n1000\t1000\t3\n');
});

test("NULL gives ClickHouse's own error", async () => {
  expect(await sandbox.failingQuery('SELECT encode_text(NULL)')).toContain('Cannot convert NULL');
  expect(await sandbox.failingQuery("SELECT encode_text(if(number = 1, NULL, 'a')) FROM numbers(3)")).toContain(
    'Cannot convert NULL value to non-Nullable type',
  );
});

test('an image has one vector, by its path and by its bytes', async () => {
  const sql = `SELECT count(), countIf(encode_image_bytes(raw_blob) = encode_image(_path)), uniqExact(encode_image(_path)) > 1
    FROM file('${images}/*.png', RawBLOB)`;
  expect(await sandbox.query(sql)).toBe('19\t19\t1\n');
});

test('keeps the order of rows of different lengths', async () => {
  const sql = `CREATE TABLE t ENGINE = MergeTree ORDER BY n AS
      SELECT number AS n, repeat(toString(n), 1 + n % 30) AS text, encode_text(text) AS v FROM numbers(3000);
    SELECT countIf(v = encode_text(text)) FROM (SELECT * FROM t ORDER BY reverse(text))`;
  expect(await sandbox.query(sql)).toBe('3000\n');
});

test('a model that is not installed is named, with its folder and the way out', async () => {
  const line = await sandbox.failingQuery("SELECT encode_text('a')", { env: { EMBEDHOUSE_MODEL: 'not-there' } });
  expect(line).toContain(`encode_text: model 'not-there' is not installed in ${fixturesPath}: `);
  expect(line).toContain(`to ${fixturesPath}/not-there`);
  expect(line).toContain('--model emoji-clip');
});

test('an image that cannot be embedded is named, with the reason', async () => {
  const folder = join(sandbox.path, 'images');
  await mkdir(folder);
  await writeFile(join(folder, 'large.png'), '');
  await truncate(join(folder, 'large.png'), 65 * 1024 * 1024);
  await cp(join(images, 'wide.jpg'), join(folder, "a 'b'.jpg"));
  const image = (path: string): string => `SELECT length(encode_image('${path.replaceAll("'", "\\'")}'))`;
  expect(await sandbox.query(image(join(folder, "a 'b'.jpg")))).toBe('16\n');
  for (const [path, reason] of [
    ['/not/there.png', 'is not found'],
    [join(images, 'expected.json'), 'decoded'],
    [join(folder, 'large.png'), '64'],
    [folder, 'is a folder'],
  ] as const) {
    const line = await sandbox.failingQuery(image(path));
    expect(line).toMatch(/^embedhouse: encode_image: /);
    expect(line).toContain(reason);
    expect(line).toContain(`'${path}'`);
  }
});

test('bytes that are no image, and a text that is not UTF-8, are refused with the reason', async () => {
  expect(await sandbox.failingQuery("SELECT encode_image_bytes('no image')")).toContain(
    'encode_image_bytes: the image cannot be decoded',
  );
  expect(await sandbox.failingQuery("SELECT encode_text('\\xff\\xfe')")).toContain('is not UTF-8 text');
});
