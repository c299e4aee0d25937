import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ModelFolder, openModelFolder } from '../../src/models/model-folder.ts';
import { quantizeModel, type QuantizeProgress } from '../../src/models/quantize-model.ts';
import { cosine, idsFeed } from './exported-clip.ts';
import { modelsPath, readExpected, tinyClipPath } from './fixtures.ts';

const signal = new AbortController().signal;
const sample = { texts: 60, images: 24 };
let temporary: string;
let folder: ModelFolder;
let before: string[];

const listFiles = async (): Promise<string[]> => (await readdir(folder.path, { recursive: true })).toSorted();

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'embedhouse-quantize-'));
  await cp(tinyClipPath, join(temporary, 'tiny-clip'), { recursive: true });
  folder = await openModelFolder(temporary, 'tiny-clip');
  before = await listFiles();
});
afterEach(() => rm(temporary, { recursive: true }));

test('adds both towers with their weights beside them, and the report it answers', async () => {
  const steps = new Set<QuantizeProgress['step']>();
  const report = await quantizeModel(folder, { signal, sample, onProgress: ({ step }) => steps.add(step) });
  expect((await listFiles()).filter((file) => !before.includes(file))).toEqual([
    'onnx/int8_row.json',
    'onnx/text_model_int8_row.onnx',
    'onnx/text_model_int8_row.onnx_data',
    'onnx/vision_model_int8_row.onnx',
    'onnx/vision_model_int8_row.onnx_data',
  ]);
  expect(JSON.parse(await readFile(join(folder.path, 'onnx/int8_row.json'), 'utf8'))).toEqual(report);
  expect([...steps]).toEqual(['rewrite', 'compare texts', 'compare images']);
});

test('reports how the vectors agree with fp32, and the files they were made from', async () => {
  const { texts, images, madeFrom } = await quantizeModel(folder, { signal, sample });
  expect([texts.count, images.count]).toEqual([sample.texts, sample.images]);
  for (const { meanCosine, p1Cosine, recallAt10, meanCosineBetweenRows } of [texts, images]) {
    expect(meanCosine).toBeGreaterThan(0.99);
    expect(meanCosine).toBeLessThan(1);
    expect(p1Cosine).toBeLessThanOrEqual(meanCosine);
    expect(recallAt10).toBeGreaterThan(0.5);
    expect(meanCosineBetweenRows).toBeLessThan(meanCosine);
  }
  const hash = createHash('sha256').update(await readFile(join(tinyClipPath, 'onnx/text_model.onnx')));
  expect(madeFrom['onnx/text_model.onnx']).toBe(hash.digest('hex'));
  expect(Object.keys(madeFrom)).toEqual(['onnx/text_model.onnx', 'onnx/vision_model.onnx']);
});

test('makes files that stay near to the vectors of PyTorch', async () => {
  await quantizeModel(folder, { signal, sample });
  const session = await InferenceSession.create(join(folder.path, 'onnx/text_model_int8_row.onnx'));
  for (const { ids, vector } of (await readExpected()).texts) {
    const { text_embeds: embedded } = await session.run(idsFeed([ids]));
    expect(cosine(Array.from(embedded?.data ?? [], Number), vector)).toBeGreaterThan(0.999);
  }
  await session.release();
});

test('makes the same files whatever is compared, and over those of a run before', async () => {
  const read = (file: string): Promise<Buffer> => readFile(join(folder.path, 'onnx', file));
  const names = ['text_model_int8_row.onnx', 'vision_model_int8_row.onnx_data'];
  await quantizeModel(folder, { signal, sample });
  const first = await Promise.all(names.map(read));
  await quantizeModel(folder, { signal, sample: { texts: 20, images: 20 } });
  const second = await Promise.all(names.map(read));
  for (const [index, bytes] of first.entries()) expect(Buffer.compare(bytes, second[index] ?? Buffer.of())).toBe(0);
});

test('can run twice at once', async () => {
  const [one, two] = await Promise.all([
    quantizeModel(folder, { signal, sample }),
    quantizeModel(folder, { signal, sample }),
  ]);
  expect(one).toEqual(two);
  expect(await listFiles()).toHaveLength(before.length + 5);
  await using session = await openSession('vision_model_int8_row.onnx');
  expect(session.outputNames).toEqual(['image_embeds']);
});

test.each(['rewrite', 'compare texts', 'compare images'] as const)(
  'leaves the model folder as it was when it is stopped at the step: %s',
  async (wanted) => {
    const stopper = new AbortController();
    const onProgress = ({ step }: QuantizeProgress): void => {
      if (step === wanted) stopper.abort(new Error('stopped'));
    };
    await expect(quantizeModel(folder, { signal: stopper.signal, sample, onProgress })).rejects.toMatchObject({
      code: 'CANCELLED',
      message: "the work on model 'tiny-clip' was stopped; its folder is as it was",
    });
    expect(await listFiles()).toEqual(before);
  },
);

test.each([
  ['tiny-bert-mean', 'embeds texts only'],
  ['tiny-dino', 'embeds images only'],
])('refuses %s, which has one tower, before it does anything', async (name, reason) => {
  await cp(join(modelsPath, name), join(temporary, name), { recursive: true });
  folder = await openModelFolder(temporary, name);
  before = await listFiles();
  await expect(quantizeModel(folder, { signal, sample })).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining(reason),
  });
  expect(await listFiles()).toEqual(before);
});

test('refuses a model without fp32 files', async () => {
  const model: ModelFolder = { ...folder, dtypes: ['int8'], graphs: [] };
  await expect(quantizeModel(model, { signal, sample })).rejects.toThrow(/has no fp32 files/);
});

test('refuses a damaged graph, names it and leaves the folder as it was', async () => {
  const file = join(folder.path, 'onnx/vision_model.onnx');
  await writeFile(file, (await readFile(file)).subarray(0, 100_000));
  await expect(quantizeModel(folder, { signal, sample })).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining(file),
  });
  expect(await listFiles()).toEqual(before);
});

test('removes what a killed process left a day ago, and nothing newer', async () => {
  const old = join(folder.path, 'onnx/.int8_row-old');
  const recent = join(folder.path, 'onnx/.int8_row-recent');
  for (const path of [old, recent]) await mkdir(path);
  const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 60 * 60;
  await utimes(old, twoDaysAgo, twoDaysAgo);
  await quantizeModel(folder, { signal, sample: { texts: 20, images: 20 } });
  const left = (await listFiles()).filter((file) => file.includes('.int8_row-'));
  expect(left).toEqual(['onnx/.int8_row-recent']);
});

async function openSession(file: string): Promise<InferenceSession & AsyncDisposable> {
  const session = await InferenceSession.create(join(folder.path, 'onnx', file));
  return Object.assign(session, { [Symbol.asyncDispose]: () => session.release() });
}
