import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { openImageTower } from '../../src/models/image-tower.ts';
import { imageSpecOf, openModelFolder } from '../../src/models/model-folder.ts';
import { prepareImage } from '../../src/models/prepare-image.ts';
import { imagesPath, modelsPath } from './fixtures.ts';

const limits = { maxBytes: 1_000_000, maxPixels: 21_000_000 };
const spec = imageSpecOf(await openModelFolder(modelsPath, 'tiny-clip'));
const trainedModelsPath = fileURLToPath(new URL('../../models', import.meta.url));
/** sharp decodes these with another library than Pillow. */
const otherwiseDecoded = [
  '420.avif',
  '420-enlarged.avif',
  '422.avif',
  '444.avif',
  'narrow-range.avif',
  'narrow-range-grey.avif',
];
const expected: Record<string, string> = JSON.parse(await readFile(join(imagesPath, 'expected.json'), 'utf8'));

function read(file: string): Promise<Uint8Array> {
  return readFile(join(imagesPath, file));
}

/** Reads a prepared picture that scripts/fixtures/images.py has stored without loss. */
function readPrepared(file: string): Promise<Uint8Array> {
  return sharp(join(imagesPath, 'expected', `${parse(file).name}.webp`))
    .removeAlpha()
    .raw()
    .toBuffer();
}

function sha256(pixels: Uint8Array): string {
  return createHash('sha256').update(pixels).digest('hex');
}

/** Gives the mean of the differences between the bytes of two pictures. */
function meanDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce((sum, byte, index) => sum + Math.abs(byte - (b[index] ?? 0)), 0) / a.length;
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** Builds a PNG of grey pixels of 8 or 16 bits from its scan lines, which may be fewer than the header claims. */
function greyPng(width: number, height: number, depth: 8 | 16, scanLines: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = depth;
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(scanLines)), chunk('IEND', new Uint8Array())];
  return Buffer.concat([signature, ...chunks]);
}

describe('prepareImage', () => {
  test('has a recorded answer for every picture', async () => {
    const files = (await readdir(imagesPath)).filter((file) => parse(file).ext !== '' && !file.endsWith('.json'));
    expect(files.toSorted()).toEqual([...Object.keys(expected), ...otherwiseDecoded].toSorted());
  });

  test.each(Object.entries(expected))('gives the bytes of Pillow for %s if exact', async (file, recorded) => {
    const pixels = await prepareImage(await read(file), spec, limits, { exact: true });
    expect(pixels).toHaveLength(224 * 224 * 3);
    expect(sha256(pixels)).toBe(recorded);
  });

  test.each(Object.entries(expected).filter(([file]) => file !== 'large.jpg'))(
    'gives the bytes of Pillow for %s, which is not large, by default too',
    async (file, recorded) => {
      expect(sha256(await prepareImage(await read(file), spec, limits))).toBe(recorded);
    },
  );

  test.each(otherwiseDecoded)('gives less than 0.25 of 255 from the bytes of Pillow for %s', async (file) => {
    const pixels = await prepareImage(await read(file), spec, limits, { exact: true });
    expect(meanDifference(pixels, await readPrepared(file))).toBeLessThan(0.25);
  });

  test('decodes a large JPEG at half its size by default, for nearly the same vector', async () => {
    const bytes = await read('large.jpg');
    const fast = await prepareImage(bytes, spec, limits);
    const exact = await prepareImage(bytes, spec, limits, { exact: true });
    expect(fast).not.toEqual(exact);
    expect(meanDifference(fast, exact)).toBeLessThan(0.1);
    const folder = await openModelFolder(trainedModelsPath, 'emoji-clip');
    await using tower = await openImageTower(folder, { dtype: 'fp32', threads: 1 });
    expect(cosine(await tower.run([fast]), await tower.run([exact]))).toBeGreaterThan(0.9999);
  });

  test('takes the high byte of 16-bit grey', async () => {
    const scanLine = Buffer.from([0, 0x80, 0xff, 0x80, 0xff]);
    const pixels = await prepareImage(greyPng(2, 1, 16, scanLine), spec, limits);
    expect(new Set(pixels)).toEqual(new Set([0x80]));
  });

  test.each([
    ['no bytes', new Uint8Array(), /0 bytes/],
    ['a text', Buffer.from('not an image\n'), /cannot be decoded/],
    ['an SVG drawing', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), /format svg/],
    ['random bytes', createHash('sha512').update('seed').digest(), /cannot be decoded/],
  ])('refuses %s', async (_what, bytes, message) => {
    await expect(prepareImage(bytes, spec, limits)).rejects.toMatchObject({
      code: 'IMAGE_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    'shrunk.jpg',
    'shrunk-progressive.jpg',
    'large.jpg',
    'rgba.png',
    'palette.png',
    'lossy.webp',
    'rgb.tiff',
    '420.avif',
  ])('refuses %s cut off in the middle', async (file) => {
    const bytes = await read(file);
    await expect(prepareImage(bytes.subarray(0, Math.floor(bytes.length / 2)), spec, limits)).rejects.toMatchObject({
      code: 'IMAGE_INVALID',
    });
  });

  test('refuses too many bytes', async () => {
    const bytes = await read('shrunk.jpg');
    await expect(prepareImage(bytes, spec, { ...limits, maxBytes: bytes.length - 1 })).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
      message: expect.stringContaining(`${bytes.length} bytes where at most ${bytes.length - 1}`),
    });
  });

  test('refuses too many pixels by the header alone', async () => {
    const bomb = greyPng(30_000, 30_000, 8, new Uint8Array(30_001));
    await expect(prepareImage(bomb, spec, limits)).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
      message: expect.stringContaining('30000 x 30000 pixels where at most 21000000'),
    });
  });
});
