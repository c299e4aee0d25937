import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { ExamplesHome } from './examples-home.ts';
import { makePhotos } from './photos.ts';

let home: ExamplesHome;
let folder: string;

beforeAll(async () => {
  home = await ExamplesHome.make();
  folder = await makePhotos(home.home.path);
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

const solid = (background: string) => sharp({ create: { width: 30, height: 20, channels: 4, background } });

const info = async (path: string): Promise<string> =>
  (await home.query(`SELECT image_info(raw_blob) FROM file('${path}', RawBLOB)`)).trim();

/** How many bits of the hashes of two files differ. */
async function distance(one: string, other: string): Promise<number> {
  const hash = (path: string): string => `(SELECT image_hash(raw_blob) FROM file('${path}', RawBLOB))`;
  return Number(await home.query(`SELECT bitHammingDistance(${hash(one)}, ${hash(other)})`));
}

test.each([
  ['png', (image: Sharp) => image.png(), "(30,20,'#18d828')"],
  ['gif', (image: Sharp) => image.gif(), "(30,20,'#18d828')"],
  ['tiff', (image: Sharp) => image.tiff({ compression: 'lzw' }), "(30,20,'#18d828')"],
  ['avif', (image: Sharp) => image.avif({ quality: 90 }), "(30,20,'#18d828')"],
])('a %s is read', async (format, encode, expected) => {
  const path = join(folder, `solid.${format}`);
  await writeFile(path, await encode(solid('#18d828')).toBuffer());
  expect(await info(path)).toBe(expected);
  await rename(path, join(folder, `solid.${format}.done`));
});

test('what is transparent is white, and grey has a colour', async () => {
  await solid('#00000000').png().toFile(join(folder, 'clear.png.done'));
  await solid('#787878').greyscale().jpeg().toFile(join(folder, 'grey.jpg.done'));
  expect(await info('photos/clear.png.done')).toBe("(30,20,'#f8f8f8')");
  expect(await info('photos/grey.jpg.done')).toBe("(30,20,'#787878')");
});

test('what is no image gives zeros and NULL, and its neighbours are read', async () => {
  const whole = (await readFile(join(folder, 'beach.jpg'))).toString('hex');
  const sql = `
    SELECT image_info(unhex(image)).width, image_hash(unhex(image)) IS NULL
    FROM values('image String', '', '${Buffer.from('no image').toString('hex')}', '${whole}', '${whole.slice(0, 6000)}')`;
  expect(await home.query(sql)).toBe('0\t1\n0\t1\n640\t0\n0\t1\n');
});

test('a photo keeps its hash when it is saved again, made smaller or brighter; another has another one', async () => {
  const beach = join(folder, 'beach.jpg');
  const variants = {
    worse: sharp(beach).jpeg({ quality: 30 }),
    png: sharp(beach).png(),
    small: sharp(beach).resize(100).webp(),
    brighter: sharp(beach).modulate({ brightness: 1.1 }).jpeg(),
    turned: sharp(beach).rotate(270).withMetadata({ orientation: 6 }).jpeg(),
  };
  for (const [name, image] of Object.entries(variants)) {
    const path = join(folder, `${name}.done`);
    await image.toFile(path);
    expect.soft(await distance(beach, path), name).toBeLessThanOrEqual(5);
  }
  expect(await distance(beach, join(folder, 'forest.jpg'))).toBeGreaterThan(15);
});

test('an image of one colour has the hash 0', async () => {
  await solid('#787878').png().toFile(join(folder, 'plain.done'));
  expect(await home.query(`SELECT image_hash(raw_blob) FROM file('photos/plain.done', RawBLOB)`)).toBe('0\n');
});

test('a bit of the hash says that a pixel of 9 × 8 is darker than its right neighbour, row by row', async () => {
  // Bright, dark, bright, …: in each row but the last every second pair gets brighter.
  const value = (_: unknown, index: number): number => (index >= 63 ? 0 : (index % 9) % 2 === 0 ? 200 : 20);
  const pixels = Buffer.from(Array.from({ length: 72 }, value));
  await sharp(pixels, { raw: { width: 9, height: 8, channels: 1 } })
    .png()
    .toFile(join(folder, 'pattern.done'));
  const sql = `SELECT hex(image_hash(raw_blob)) FROM file('photos/pattern.done', RawBLOB)`;
  expect(await home.query(sql)).toBe('5555555555555500\n');
});

test('`functions test` is content with an image’s bytes', async () => {
  const bytes = (await readFile(join(folder, 'beach-small.webp'))).toString('latin1');
  const escaped = bytes
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', String.raw`\t`)
    .replaceAll('\n', String.raw`\n`);
  await writeFile(join(folder, 'rows.done'), Buffer.from(`${escaped}\n`, 'latin1'));
  const { stdout, exitCode } = await home.run(['functions', 'test', 'image_info', '--rows', 'photos/rows.done']);
  expect(stdout).toContain("(320,240,'#3878c8')");
  expect(exitCode).toBe(0);
});
