import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openHost, type Embeddings, type ModelHost } from '../../src/index.ts';
import { readVectors, writeBlock } from '../host/function-bytes.ts';
import { imagesPath } from '../host/hosted-function.ts';
import { greatestDifference } from '../models/fixtures.ts';
import { readRecordedModel } from '../models/recorded-models.ts';
import { ApiRuntime, rowsOf } from './api-runtime.ts';

let runtime: ApiRuntime;
let host: ModelHost;

beforeAll(async () => {
  runtime = new ApiRuntime();
  host = await openHost();
});

afterAll(async () => {
  await host?.close();
  await runtime?.[Symbol.asyncDispose]();
});

const worstOf = (actual: Embeddings, expected: readonly { vector: number[] }[]): number =>
  Math.max(...rowsOf(actual).map((row, index) => greatestDifference(row, expected[index]?.vector ?? [])));

const pathOf = (file: string): string => join(imagesPath, file);

describe('the vectors of the reference', () => {
  test.each(['tiny-clip', 'tiny-bert-mean', 'tiny-siglip'])('are those of texts, with %s', async (model) => {
    const { texts } = readRecordedModel(model);
    const embedded = await host.encodeText(
      texts.map(({ text }) => text),
      { model },
    );
    expect(embedded.shape).toEqual([texts.length, texts[0]?.vector.length]);
    expect(worstOf(embedded, texts)).toBeLessThan(1e-4);
  });

  test.each(['tiny-clip', 'tiny-siglip', 'tiny-dino'])(
    'are those of images, by path, as bytes, and mixed, with %s',
    async (model) => {
      const { images } = readRecordedModel(model);
      const paths = images.map(({ file }) => pathOf(file));
      const files = paths.map((path) => readFileSync(path));
      const mixed = paths.map((path, index) => (index % 3 === 0 ? path : new Uint8Array(readFileSync(path))));
      for (const list of [paths, files, mixed]) {
        const embedded = await host.encodeImage(list, { model });
        expect(embedded.shape).toEqual([images.length, images[0]?.vector.length]);
        expect(worstOf(embedded, images)).toBeLessThan(1e-4);
      }
    },
  );
});

test('a program and a SQL function get the same bits from one host', async () => {
  const texts = ['a dog', '', 'ein Hund', '🐕 köter', 'a dog'];
  const function_ = await runtime.call(
    'f --input text --format RowBinary --chunk-header',
    writeBlock('RowBinary', texts),
  );
  expect(rowsOf(await host.encodeText(texts))).toEqual(readVectors('RowBinary', function_.stdout));
  const { connections, pid } = await runtime.status();
  expect(connections).toBe(1);
  expect(await host.status()).toMatchObject({ pid, socket: runtime.paths.socket });
});

test('a long list and many concurrent calls keep their order, each row with the vector it has alone', async () => {
  const words = ['dog', 'cat', 'house', 'tree', 'stone', 'a very old and very large red house on a hill'];
  const alone = new Map<string, number[]>();
  for (const word of words) {
    alone.set(word, rowsOf(await host.encodeText([word])).flat());
  }
  const list = Array.from({ length: 30_000 }, (_, row) => words[(row * 7 + (row % 11)) % words.length] ?? '');
  const [long, ...short] = await Promise.all([
    host.encodeText(list),
    ...Array.from({ length: 40 }, async (_, call) => host.encodeText(list.slice(call, call + 3))),
  ]);
  const expected = list.map((word) => alone.get(word));
  expect(rowsOf(long)).toEqual(expected);
  expect(short.map(rowsOf)).toEqual(short.map((_, call) => expected.slice(call, call + 3)));
});

test('distinct texts by the ten thousand stream through, and give back as many rows', async () => {
  const texts = Array.from({ length: 10_000 }, (_, row) => `${row} dogs and a cat`);
  const { vectors, shape } = await host.encodeText(texts);
  expect(shape).toEqual([10_000, 16]);
  expect(rowsOf({ vectors, shape })[9_999]).toEqual(rowsOf(await host.encodeText(['9999 dogs and a cat'])).flat());
});

test('an empty list is no rows of no dimensions, and asks nobody', async () => {
  const nothing = { vectors: new Float32Array(0), shape: [0, 0] };
  expect(await host.encodeText([], { model: 'not-installed' })).toEqual(nothing);
  expect(await host.encodeImage([])).toEqual(nothing);
});

test('an empty path, and no bytes, are the zero vector', async () => {
  expect(await host.encodeImage(['', new Uint8Array(0)])).toEqual({ vectors: new Float32Array(32), shape: [2, 16] });
});

test('a relative path starts at the current folder', async () => {
  const before = process.cwd();
  const expected = await host.encodeImage([pathOf('grey.png')]);
  process.chdir(imagesPath);
  try {
    expect(await host.encodeImage(['grey.png'])).toEqual(expected);
  } finally {
    process.chdir(before);
  }
});

test('vectors have the length 1 with normalize, of one call or of all', async () => {
  const plain = rowsOf(await host.encodeText(['a dog'])).flat();
  const length = Math.hypot(...plain);
  expect(Math.abs(length - 1)).toBeGreaterThan(0.1);
  const scaled = plain.map((value) => value / length);
  expect(greatestDifference((await host.encodeText(['a dog'], { normalize: true })).vectors, scaled)).toBeLessThan(
    1e-6,
  );
  await using normalizing = await openHost({ normalize: true });
  expect(greatestDifference((await normalizing.encodeText(['a dog'])).vectors, scaled)).toBeLessThan(1e-6);
  expect(rowsOf(await normalizing.encodeText(['a dog'], { normalize: false })).flat()).toEqual(plain);
});

test('a prompt of the model goes before each text', async () => {
  const { prompted } = readRecordedModel('tiny-decoder-last');
  expect(prompted.length).toBeGreaterThan(0);
  await using decoder = await openHost({ model: 'tiny-decoder-last' });
  for (const { text, prompt, vector } of prompted) {
    expect(greatestDifference((await decoder.encodeText([text], { prompt })).vectors, vector)).toBeLessThan(1e-4);
  }
});

test('the model is described as SQL describes it', async () => {
  const answer = await runtime.call('f --input model --format TabSeparated', 'id\nmodel\ndtype\ndigest\ndimensions\n');
  const [id, model, dtype, digest, dimensions] = answer.stdout.toString().trimEnd().split('\n');
  expect(await host.describeModel()).toEqual({ id, model, dtype, digest, dimensions: Number(dimensions) });
  expect(await host.describeModel({ model: 'tiny-dino' })).toMatchObject({ model: 'tiny-dino', dimensions: 32 });
});
