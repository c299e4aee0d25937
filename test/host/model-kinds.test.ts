import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { greatestDifference } from '../models/fixtures.ts';
import { readRecordedModel, recordedModels } from '../models/recorded-models.ts';
import { readVectors, writeBlock } from './function-bytes.ts';
import { imagesPath, TestRuntime } from './hosted-function.ts';

let runtime: TestRuntime;

beforeAll(async () => {
  runtime = new TestRuntime();
  // Each vector is computed when it is asked for.
  await runtime.embedhouse('host', 'start', '--cache-mib', '0');
});

afterAll(async () => {
  await runtime?.[Symbol.asyncDispose]();
});

/** The vectors of one block. */
async function encode(command: string, values: readonly string[]): Promise<number[][]> {
  const options = '--format RowBinary --chunk-header';
  const { code, stdout, stderr } = await runtime.call(`f ${command} ${options}`, writeBlock('RowBinary', values));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return readVectors('RowBinary', stdout);
}

async function failureOf(command: string, prompt = ''): Promise<string> {
  const line = `f ${command} --format RowBinary --chunk-header`;
  const { code, stderr } = await runtime.call(line, writeBlock('RowBinary', [prompt]));
  expect(code).toBe(1);
  return stderr;
}

const textModels = recordedModels.filter((name) => readRecordedModel(name).texts.length > 0);
const imageModels = recordedModels.filter((name) => readRecordedModel(name).images.length > 0);

describe.each(textModels)('texts of %s', (name) => {
  const { texts } = readRecordedModel(name);
  const values = texts.map(({ text }) => text);

  test('get the vectors of PyTorch in one block, from a prepared graph', async () => {
    const vectors = await encode(`--input text --model ${name}`, values);
    const differences = texts.map(({ vector }, row) => greatestDifference(vectors[row] ?? [], vector));
    expect(Math.max(...differences)).toBeLessThan(1e-4);
    expect((await runtime.status()).encoders[0]?.models).toContainEqual(
      expect.objectContaining({ model: name, tower: 'text', isMapped: true }),
    );
  });

  test('get the same vectors in another order and block, bit for bit', async () => {
    const command = `--input text --model ${name}`;
    const forwards = await encode(command, values);
    const backwards = await encode(command, values.toReversed());
    const few = await encode(command, values.slice(3, 8));
    expect(backwards.toReversed()).toEqual(forwards);
    expect(few).toEqual(forwards.slice(3, 8));
  });
});

test.each(imageModels)('images get the vectors of PyTorch from %s', async (name) => {
  const { images } = readRecordedModel(name);
  const paths = images.map(({ file }) => join(imagesPath, file));
  const vectors = await encode(`--input image --model ${name}`, paths);
  const differences = images.map(({ vector }, row) => greatestDifference(vectors[row] ?? [], vector));
  expect(Math.max(...differences)).toBeLessThan(1e-4);
});

test.each(['tiny-bert-cls', 'tiny-decoder-last'])('--prompt puts a prompt of %s before each text', async (name) => {
  const { prompted } = readRecordedModel(name);
  const texts = prompted.map(({ text }) => text);
  const vectors = await encode(`--input text --model ${name} --prompt query`, texts);
  const differences = prompted.map(({ vector }, row) => greatestDifference(vectors[row] ?? [], vector));
  expect(Math.max(...differences)).toBeLessThan(1e-4);
  const plain = await encode(`--input text --model ${name} --prompt none`, texts.slice(2, 4));
  expect(plain).not.toEqual(vectors.slice(2, 4));
});

test('--prompt names the prompts that there are', async () => {
  expect(await failureOf('--input text --model tiny-bert-cls --prompt quarry')).toBe(
    "embedhouse: f: model 'tiny-bert-cls' has no prompt 'quarry', only query, passage, none: give one of these to --prompt\n",
  );
});

test('--normalize gives each vector the length 1 and leaves its direction', async () => {
  const texts = ['a dog', 'a cat and a dog'];
  const plain = await encode('--input text --model tiny-bert-cls', texts);
  const normalized = await encode('--input text --model tiny-bert-cls --normalize', texts);
  for (const [row, vector] of plain.entries()) {
    const length = Math.hypot(...vector);
    expect(Math.abs(length - 1)).toBeGreaterThan(0.1);
    const expected = vector.map((value) => value / length);
    expect(greatestDifference(normalized[row] ?? [], expected)).toBeLessThan(1e-6);
  }
});

test('a model that embeds the other only says so', async () => {
  expect(await failureOf('--input text --model tiny-dino', 'a dog')).toContain(
    "model 'tiny-dino' embeds images only, no texts; name another model",
  );
  expect(await failureOf('--input image --model tiny-bert-cls', '/a.jpg')).toContain(
    "model 'tiny-bert-cls' embeds texts only, no images; name another model",
  );
});
