import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { createModel, type GraphPort } from '../../src/models/onnx-graph/create-model.ts';
import { createNode } from '../../src/models/onnx-graph/create-node.ts';
import { findPoolings } from '../../src/models/onnx-graph/find-pooling.ts';
import { GraphEditor } from '../../src/models/onnx-graph/graph-editor.ts';
import { ValueInfoProtoSchema } from '../../src/models/onnx-graph/onnx_pb.ts';
import { poolEarly } from '../../src/models/onnx-graph/pool-early.ts';
import { type OnnxModel, readOnnx } from '../../src/models/onnx-graph/read-onnx.ts';
import { createTensor } from '../../src/models/onnx-graph/tensor.ts';
import {
  emojiClipPath,
  exportedClipPath,
  idsFeed,
  numbersBelow,
  pixelsFeed,
  recorded,
  runGraph,
} from './exported-clip.ts';
import { greatestDifference, tinyClipPath } from './fixtures.ts';

const randomRows = Array.from({ length: 5 }, (_, row) => [...numbersBelow(700, 9, row + 1), 813]);
const randomPixels = numbersBelow(400, 2 * 3 * 224 * 224, 1).map((value) => value / 100 - 2);

const exports: { file: string; feed: Record<string, Tensor>; expected?: number[][] }[] = [
  ...['text_eager_14', 'text_sdpa_17', 'text_dynamo_20'].map((name) => ({
    file: join(exportedClipPath, `${name}.onnx`),
    feed: idsFeed(recorded.ids),
    expected: recorded.text,
  })),
  ...['vision_eager_14', 'vision_sdpa_17', 'vision_dynamo_20'].map((name) => ({
    file: join(exportedClipPath, `${name}.onnx`),
    feed: pixelsFeed(recorded.pixels, 32),
    expected: recorded.vision,
  })),
  { file: join(tinyClipPath, 'onnx/text_model.onnx'), feed: idsFeed(randomRows) },
  { file: join(tinyClipPath, 'onnx/vision_model.onnx'), feed: pixelsFeed(randomPixels, 224) },
  { file: join(emojiClipPath, 'onnx/text_model.onnx'), feed: idsFeed(randomRows) },
  { file: join(emojiClipPath, 'onnx/vision_model.onnx'), feed: pixelsFeed(randomPixels, 224) },
];

/** Names the products with the last layer's weights that are computed for every row of a sequence. */
function productsBeforePooling(model: OnnxModel): string[] {
  const editor = new GraphEditor(model);
  const constant = editor.constants();
  const pooling = new Set(findPoolings(editor).flatMap(({ steps }) => steps));
  const nodes = editor.sortedNodes();
  const last = nodes.findIndex((node) => pooling.has(node));
  return nodes
    .slice(0, last)
    .filter(({ opType, input }) => opType === 'MatMul' && constant(input[1] ?? '') !== undefined)
    .map(({ name }) => name);
}

describe.each(exports)('$file', ({ file, feed, expected }) => {
  test('computes the last output projection and MLP for the pooled row only', async () => {
    const model = await readOnnx(file);
    const before = productsBeforePooling(model).length;
    expect(productsBeforePooling(poolEarly(model))).toHaveLength(before - 3);
  });

  test('gives the vectors of the published graph to 2e-6 of the greatest component', async () => {
    const model = await readOnnx(file);
    const [published = new Float32Array()] = await runGraph(model, feed);
    const [pooled = new Float32Array()] = await runGraph(poolEarly(model), feed);
    const scale = greatestDifference(published, new Float32Array(published.length));
    expect(greatestDifference(pooled, published) / scale).toBeLessThan(2e-6);
    if (expected !== undefined) expect(greatestDifference(pooled, expected.flat()) / scale).toBeLessThan(1e-5);
  });
});

test('gives a row the same vector alone and in a batch of any size, bit for bit', async () => {
  const model = poolEarly(await readOnnx(join(emojiClipPath, 'onnx/text_model.onnx')));
  const row = [...numbersBelow(700, 9, 7), 813];
  const sizes = [1, 2, 3, 5, 8, 17, 33, 64];
  const feeds = sizes.map((size) =>
    idsFeed(
      Array.from({ length: size }, (_, index) =>
        index === size - 1 ? row : [...numbersBelow(700, 9, index + 9), 813],
      ),
    ),
  );
  const [alone = new Float32Array(), ...batches] = await runGraph(model, ...feeds);
  for (const batch of batches) expect(batch.slice(-alone.length)).toEqual(alone);
});

test('goes on with all rows where a constant differs from row to row', async () => {
  const [length, depth, channels] = [3, 4, 5];
  const floats = (count: number, seed: number): Float32Array<ArrayBuffer> =>
    Float32Array.from(numbersBelow(9, count, seed));
  const value = (name: string, shape: readonly (string | number)[]): GraphPort => ({ name, type: 'float32', shape });
  const model = createModel({
    name: 'positions before the last product',
    opset: 17,
    inputs: [value('pixel_values', ['batch', length, 1, depth])],
    outputs: [value('y', ['batch', channels])],
    nodes: [
      createNode('Squeeze', { name: 'squeeze', inputs: ['pixel_values', 'axes'], outputs: ['x'] }),
      createNode('Add', { name: 'add', inputs: ['x', 'positions'], outputs: ['placed'] }),
      createNode('MatMul', { name: 'multiply', inputs: ['placed', 'weights'], outputs: ['product'] }),
      createNode('Gather', { name: 'pool', inputs: ['product', 'index'], outputs: ['y'], attributes: { axis: 1n } }),
    ],
    initializers: [
      createTensor('axes', [1], BigInt64Array.of(2n)),
      createTensor('positions', [length, depth], floats(length * depth, 1)),
      createTensor('weights', [depth, channels], floats(depth * channels, 2)),
      createTensor('index', [], BigInt64Array.of(1n)),
    ],
  });
  const pooled = poolEarly(model);
  expect(productsBeforePooling(pooled)).toEqual([]);
  const feed = { pixel_values: new Tensor('float32', floats(2 * length * depth, 3), [2, length, 1, depth]) };
  expect(await runGraph(pooled, feed)).toEqual(await runGraph(model, feed));
});

describe('a graph that it cannot shorten comes back as it was', () => {
  const file = join(exportedClipPath, 'vision_sdpa_17.onnx');

  test('when all rows of the last layer are an output too', async () => {
    const model = await readOnnx(file);
    const [pooling] = findPoolings(new GraphEditor(model)).slice(-1);
    model.graph.output.push(create(ValueInfoProtoSchema, { name: pooling?.source ?? '' }));
    expect(poolEarly(model)).toBe(model);
  });

  test('when an operator before the pooling mixes rows', async () => {
    const model = await readOnnx(file);
    const [pooling] = findPoolings(new GraphEditor(model)).slice(-1);
    const last = model.graph.node.find(({ output }) => output[0] === pooling?.source);
    if (last === undefined) throw new Error('the fixture has no pooling');
    last.opType = 'CumSum';
    expect(poolEarly(model)).toBe(model);
  });

  test('when it pools nothing', async () => {
    const model = await readOnnx(file);
    for (const node of model.graph.node) if (node.opType === 'Gather') node.opType = 'GatherElements';
    expect(poolEarly(model)).toBe(model);
  });
});
