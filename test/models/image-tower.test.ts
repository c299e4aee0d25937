import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ImageTower, openImageTower } from '../../src/models/image-tower.ts';
import { imageSpecOf, type ModelFolder, openModelFolder } from '../../src/models/model-folder.ts';
import { prepareImage } from '../../src/models/prepare-image.ts';
import { greatestDifference, imagesPath, modelsPath, readExpected } from './fixtures.ts';

const limits = { maxBytes: 1_000_000, maxPixels: 1_000_000 };
const { images } = await readExpected();
let folder: ModelFolder;
let tower: ImageTower;

beforeAll(async () => {
  folder = await openModelFolder(modelsPath, 'tiny-clip');
  tower = await openImageTower(folder, { dtype: 'fp32', threads: 1 });
});
afterAll(() => tower.close());

async function prepare(file: string): Promise<Uint8Array> {
  return prepareImage(await readFile(join(imagesPath, file)), imageSpecOf(folder), limits);
}

describe('run', () => {
  test.each(images)('gives the vector of PyTorch for $file', async ({ file, vector }) => {
    expect(greatestDifference(await tower.run([await prepare(file)]), vector)).toBeLessThan(1e-4);
  });

  test('gives the same vector alone and in a batch, bit for bit', async () => {
    const pixels = await Promise.all(images.map(({ file }) => prepare(file)));
    const batch = await tower.run(pixels);
    for (const [row, image] of pixels.entries()) {
      expect(batch.subarray(row * folder.dimensions, (row + 1) * folder.dimensions)).toEqual(await tower.run([image]));
    }
  });

  test('gives no vectors for an empty batch', async () => {
    expect(await tower.run([])).toHaveLength(0);
  });

  test('refuses an image that was not prepared', async () => {
    await expect(tower.run([new Uint8Array(10)])).rejects.toThrow(/10 bytes where 224 x 224 x 3/);
  });
});
