import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openImageTower, type ImageTower } from '../../src/models/image-tower.ts';
import { imageSpecOf, openModelFolder, textSpecOf } from '../../src/models/model-folder.ts';
import { prepareImage } from '../../src/models/prepare-image.ts';
import { openTextTower, type TextTower } from '../../src/models/text-tower.ts';
import { loadTokenizer, type Tokenizer } from '../../src/models/tokenizer.ts';
import { greatestDifference, imagesPath, modelsPath } from './fixtures.ts';
import { readRecordedModel, recordedModels, titleOf } from './recorded-models.ts';

const options = { dtype: 'fp32', threads: 1 } as const;
const imageLimits = { maxBytes: 1 << 26, maxPixels: 1 << 26 };

test.each([
  ['tiny-clip-one-file', { kind: 'clip', text: { pooling: 'graph', padding: 'after-end' }, image: { size: 224 } }],
  [
    'tiny-siglip',
    {
      kind: 'siglip',
      text: { maxTokens: 64, padding: 'always' },
      image: { resize: 'stretch', filter: 'bicubic', mean: [0.5, 0.5, 0.5] },
    },
  ],
  [
    'tiny-bert-mean',
    {
      kind: 'text',
      architecture: 'bert',
      text: { maxTokens: 32, pooling: 'mean', normalize: true, prompts: {} },
      image: undefined,
    },
  ],
  [
    'tiny-bert-cls',
    {
      kind: 'text',
      text: {
        maxTokens: 64,
        pooling: 'cls',
        normalize: false,
        prompts: { query: 'Represent this sentence for searching relevant passages: ', passage: '' },
        defaultPrompt: undefined,
      },
    },
  ],
  ['tiny-decoder-last', { kind: 'text', text: { pooling: 'last', normalize: true } }],
  ['tiny-dino', { kind: 'image', architecture: 'dinov2', text: undefined, image: { filter: 'bicubic' } }],
  ['tiny-vit', { kind: 'image', architecture: 'vit', image: { resize: 'stretch', filter: 'bilinear' } }],
])('finds out from the files what %s is', async (name, description) => {
  expect(await openModelFolder(modelsPath, name)).toMatchObject({ ...description, source: 'random weights' });
});

const recordings = recordedModels.map((name) => ({ name, ...readRecordedModel(name) }));

describe.each(recordings.filter(({ texts }) => texts.length > 0))(
  'texts of $name',
  ({ name, texts, prompted, max }) => {
    let tokenizer: Tokenizer;
    let tower: TextTower;
    let dimensions: number;
    let prompts: Readonly<Record<string, string>>;

    beforeAll(async () => {
      const folder = await openModelFolder(modelsPath, name);
      ({ dimensions } = folder);
      ({ prompts } = textSpecOf(folder));
      tokenizer = await loadTokenizer(folder);
      tower = await openTextTower(folder, options);
    });
    afterAll(async () => tower.close());

    test.each(texts.map((row) => [titleOf(row.text), row] as const))('have the reference’s ids: %s', (_, row) => {
      expect(tokenizer.tokenize(row.text)).toEqual(row.ids);
    });

    test.each(texts.map((row) => [titleOf(row.text), row] as const))('have PyTorch’s vectors: %s', async (_, row) => {
      expect(greatestDifference(await tower.run([row.ids]), row.vector)).toBeLessThan(1e-4);
    });

    test('have the vectors of PyTorch in one batch of all lengths', async () => {
      const vectors = await tower.run(texts.map(({ ids }) => ids));
      for (const [row, { vector }] of texts.entries()) {
        const actual = vectors.subarray(row * dimensions, (row + 1) * dimensions);
        expect(greatestDifference(actual, vector)).toBeLessThan(1e-4);
      }
    });

    test('have the same vector alone and among texts of their length, bit for bit', async () => {
      const lengths = new Set(texts.map(({ ids }) => ids.length));
      for (const length of lengths) {
        const rows = texts.map(({ ids }) => ids).filter((ids) => ids.length === length);
        const together = await tower.run(rows);
        for (const [row, ids] of rows.entries()) {
          expect(together.subarray(row * dimensions, (row + 1) * dimensions)).toEqual(await tower.run([ids]));
        }
      }
    });

    test.each(prompted.map((row) => [titleOf(row.text), row] as const))(
      'have PyTorch’s vectors behind a prompt: %s',
      async (_, { text, prompt, vector }) => {
        const ids = tokenizer.tokenize((prompts[prompt] ?? '') + text);
        expect(greatestDifference(await tower.run([ids]), vector)).toBeLessThan(1e-4);
      },
    );

    test.each(max.map((row, index) => [titleOf(row.text), row, index] as const))(
      'have PyTorch’s vectors where the greatest values are pooled: %s',
      async (_, { vector }, row) => {
        const folder = await openModelFolder(modelsPath, name);
        const text = { ...textSpecOf(folder), pooling: 'max' } as const;
        await using pooled = await openTextTower({ ...folder, text }, options);
        expect(greatestDifference(await pooled.run([texts[row]?.ids ?? []]), vector)).toBeLessThan(1e-4);
      },
    );
  },
);

describe.each(recordings.filter(({ images }) => images.length > 0))('images of $name', ({ name, images }) => {
  let tower: ImageTower;
  beforeAll(async () => {
    tower = await openImageTower(await openModelFolder(modelsPath, name), options);
  });
  afterAll(async () => tower.close());

  test.each(images)('have PyTorch’s vector: $file', async ({ file, vector }) => {
    const folder = await openModelFolder(modelsPath, name);
    const bytes = await readFile(join(imagesPath, file));
    const pixels = await prepareImage(bytes, imageSpecOf(folder), imageLimits);
    expect(greatestDifference(await tower.run([pixels]), vector)).toBeLessThan(1e-4);
  });
});
