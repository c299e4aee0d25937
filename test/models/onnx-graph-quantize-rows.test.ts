import { join } from 'node:path';
import { Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { multipliesInt8Exactly } from '../../src/models/multiplies-int8-exactly.ts';
import { createModel } from '../../src/models/onnx-graph/create-model.ts';
import { createNode } from '../../src/models/onnx-graph/create-node.ts';
import { patchesToProduct } from '../../src/models/onnx-graph/patches-to-product.ts';
import { quantizeEmbeddings } from '../../src/models/onnx-graph/quantize-embeddings.ts';
import { quantizeRows } from '../../src/models/onnx-graph/quantize-rows.ts';
import { type OnnxModel, readOnnx } from '../../src/models/onnx-graph/read-onnx.ts';
import { createTensor } from '../../src/models/onnx-graph/tensor.ts';
import {
  cosine,
  emojiClipPath,
  exportedClipPath,
  idsFeed,
  numbersBelow,
  pixelsFeed,
  recorded,
  runGraph,
} from './exported-clip.ts';
import { greatestDifference } from './fixtures.ts';

const exact = await multipliesInt8Exactly();

/** A graph of one product, [rows, depth] by [depth, channels]. */
function product(
  weights: readonly number[],
  depth: number,
  channels: number,
  opset: number,
  opType = 'MatMul',
): OnnxModel {
  const isGemm = opType === 'Gemm';
  return createModel({
    name: 'product',
    opset,
    inputs: [{ name: 'x', type: 'float32', shape: ['rows', depth] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['rows', channels] }],
    nodes: [
      createNode(opType, {
        name: 'multiply',
        inputs: ['x', 'weights', ...(isGemm ? ['bias'] : [])],
        outputs: ['y'],
        ...(isGemm ? { attributes: { transB: 1n } } : {}),
      }),
    ],
    initializers: [
      createTensor('weights', isGemm ? [channels, depth] : [depth, channels], Float32Array.from(weights)),
      ...(isGemm
        ? [
            createTensor(
              'bias',
              [channels],
              Float32Array.from({ length: channels }, (_, index) => index),
            ),
          ]
        : []),
    ],
  });
}

const rowsFeed = (values: readonly number[], depth: number): Record<string, Tensor> => ({
  x: new Tensor('float32', Float32Array.from(values), [values.length / depth, depth]),
});

describe('quantizeRows', () => {
  // Weights and activations that are whole multiples of their scales are not rounded: the product is that of the numbers.
  test.each([
    ['MatMul', 14],
    ['MatMul', 18],
    ['Gemm', 17],
  ])('multiplies numbers that 8 bits hold exactly as they are (%s, opset %i)', async (opType, opset) => {
    const weights = opType === 'Gemm' ? [127, 2, -254, 6] : [127, -254, 2, 6];
    const [y] = await runGraph(quantizeRows(product(weights, 2, 2, opset, opType)), rowsFeed([127, 3, -0.5, 63.5], 2));
    const bias = opType === 'Gemm' ? 1 : 0;
    const expected = [127 * 127 + 3 * 2, 127 * -254 + 3 * 6 + bias, -0.5 * 127 + 63.5 * 2, 127 + 63.5 * 6 + bias];
    expect(greatestDifference(y ?? [], expected) / 32_240).toBeLessThan(1e-6);
  });

  test('rounds weights to the nearest integer', async () => {
    const weights = [127, 2.6, -2.6, 2.4, -2.4];
    const units = weights.flatMap((_, row) => weights.map((__, column) => (row === column ? 127 : 0)));
    const [y] = await runGraph(quantizeRows(product(weights, 5, 1, 17)), rowsFeed(units, 5));
    expect(
      greatestDifference(
        y ?? [],
        [127, 3, -3, 2, -2].map((weight) => weight * 127),
      ),
    ).toBeLessThan(0.01);
  });

  test('rounds each row by its own largest value, so that small rows keep their dtype', async () => {
    const weights = numbersBelow(2000, 64 * 8, 3).map((value) => value / 1000 - 1);
    const row = numbersBelow(2000, 64, 4).map((value) => value / 1000 - 1);
    const rows = [row, row.map((value) => value * 1e-4), row.map((value) => value * 1e4)].flat();
    const model = product(weights, 64, 8, 17);
    const [expected = new Float32Array()] = await runGraph(model, rowsFeed(rows, 64));
    const [actual = new Float32Array()] = await runGraph(quantizeRows(model), rowsFeed(rows, 64));
    for (const index of [0, 1, 2]) {
      const range: [number, number] = [index * 8, index * 8 + 8];
      expect(cosine(actual.slice(...range), expected.slice(...range))).toBeGreaterThan(0.9999);
    }
  });

  test('gives zeros for a row of zeros', async () => {
    const model = quantizeRows(product(numbersBelow(100, 64, 5), 8, 8, 17));
    const [y] = await runGraph(model, rowsFeed([...Array.from({ length: 8 }, () => 0), 1, 2, 3, 4, 5, 6, 7, 8], 8));
    expect(y?.slice(0, 8)).toEqual(new Float32Array(8));
    expect(y?.every(Number.isFinite)).toBe(true);
  });

  test('gives a row the same result among 1 to 512 rows, whatever they are, bit for bit', async () => {
    const [depth, channels] = [64, 48];
    const model = quantizeRows(
      product(
        numbersBelow(2000, depth * channels, 6).map((value) => value - 1000),
        depth,
        channels,
        17,
      ),
    );
    const row = numbersBelow(1000, depth, 8);
    const sizes = [1, 2, 3, 4, 5, 7, 8, 11, 16, 31, 64, 100, 127, 256, 511, 512];
    const feeds = sizes.map((size) => rowsFeed([...numbersBelow(1_000_000, depth * (size - 1), size), ...row], depth));
    const [alone = new Float32Array(), ...batches] = await runGraph(model, ...feeds);
    for (const batch of batches) expect(batch.slice(-channels)).toEqual(alone);
  });

  test.each([
    'text_eager_14',
    'text_sdpa_17',
    'text_dynamo_20',
    'vision_eager_14',
    'vision_sdpa_17',
    'vision_dynamo_20',
  ])('keeps the vectors of %s near to those of PyTorch', async (name) => {
    const isText = name.startsWith('text');
    const model = await readOnnx(join(exportedClipPath, `${name}.onnx`));
    const feed = isText ? idsFeed(recorded.ids) : pixelsFeed(recorded.pixels, 32);
    const rewritten = quantizeRows(isText ? quantizeEmbeddings(model, 0) : patchesToProduct(model, 32));
    const remaining = rewritten.graph.node.filter(({ opType }) => opType === 'Conv');
    expect(remaining).toEqual([]);
    const [vectors = new Float32Array()] = await runGraph(rewritten, feed);
    for (const [row, vector] of (isText ? recorded.text : recorded.vision).entries()) {
      expect(cosine(vectors.slice(row * 16, row * 16 + 16), vector)).toBeGreaterThan(exact ? 0.999 : 0.9);
    }
  });

  test('gives a text the same vector alone, in a batch, and behind longer texts, bit for bit', async () => {
    const model = quantizeRows(quantizeEmbeddings(await readOnnx(join(emojiClipPath, 'onnx/text_model.onnx'))));
    const eos = 813;
    const row = [1, 5, 9, 300, eos];
    const others = Array.from({ length: 20 }, (_, index) => [...numbersBelow(700, 11, index + 1), eos]);
    const padded = [...row, ...Array.from({ length: 7 }, () => eos)];
    const [alone = new Float32Array(), batch = new Float32Array()] = await runGraph(
      model,
      idsFeed([row]),
      idsFeed([...others, padded]),
    );
    expect(batch.slice(-alone.length)).toEqual(alone);
  });
});

describe('patchesToProduct', () => {
  test.each(['vision_eager_14', 'vision_sdpa_17', 'vision_dynamo_20'])('keeps the vectors of %s', async (name) => {
    const model = patchesToProduct(await readOnnx(join(exportedClipPath, `${name}.onnx`)), 32);
    const [vectors = []] = await runGraph(model, pixelsFeed(recorded.pixels, 32));
    expect(greatestDifference(vectors, recorded.vision.flat())).toBeLessThan(1e-5);
  });

  test('leaves a graph whose patches do not fill the image', async () => {
    const model = await readOnnx(join(exportedClipPath, 'vision_sdpa_17.onnx'));
    expect(patchesToProduct(model, 40)).toBe(model);
  });
});

describe('quantizeEmbeddings', () => {
  test('leaves small tables as they are', async () => {
    const model = await readOnnx(join(exportedClipPath, 'text_sdpa_17.onnx'));
    expect(quantizeEmbeddings(model)).toBe(model);
  });
});
