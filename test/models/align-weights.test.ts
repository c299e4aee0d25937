import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alignWeights } from '../../src/models/align-weights.ts';
import { createModel } from '../../src/models/onnx-graph/create-model.ts';
import { createNode } from '../../src/models/onnx-graph/create-node.ts';
import { ModelProtoSchema } from '../../src/models/onnx-graph/onnx_pb.ts';
import { createTensor } from '../../src/models/onnx-graph/tensor.ts';
import { writeOnnx } from '../../src/models/onnx-graph/write-onnx.ts';
import { type Feed, OnnxSession, saveOptimizedGraph } from '../../src/models/onnx-session.ts';

let temporary: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'embedhouse-align-'));
});
afterAll(async () => {
  await rm(temporary, { recursive: true });
});

const width = 48;
const odd = 331;

/** A graph with two products and, between their weights, a constant whose size is no multiple of 64 bytes. */
async function writeGraph(path: string): Promise<void> {
  const values = (length: number, seed: number): Float32Array =>
    Float32Array.from({ length }, (_, index) => Math.sin(index * seed));
  const model = createModel({
    name: 'odd sizes',
    opset: 17,
    inputs: [
      { name: 'x', type: 'float32', shape: ['rows', width] },
      { name: 'index', type: 'int64', shape: [] },
    ],
    outputs: [{ name: 'y', type: 'float32', shape: ['rows', width] }],
    nodes: [
      createNode('MatMul', { name: 'first', inputs: ['x', 'a'], outputs: ['xa'] }),
      createNode('Gather', { name: 'gather', inputs: ['odd', 'index'], outputs: ['one'] }),
      createNode('Mul', { name: 'scale', inputs: ['xa', 'one'], outputs: ['scaled'] }),
      createNode('MatMul', { name: 'second', inputs: ['scaled', 'b'], outputs: ['y'] }),
    ],
    initializers: [
      createTensor('a', [width, width], values(width * width, 0.7)),
      createTensor('odd', [odd], values(odd, 0.3)),
      createTensor('b', [width, width], values(width * width, 1.3)),
    ],
  });
  await writeOnnx(path, model, { externalData: false });
}

async function run(path: string, isOptimized: boolean): Promise<Float32Array> {
  await using session = await OnnxSession.open(path, { threads: 1, isOptimized });
  const data = Float32Array.from({ length: 3 * width }, (_, index) => Math.cos(index));
  const feeds = new Map<string, Feed>([
    ['x', { data, shape: [3, width] }],
    ['index', { data: BigInt64Array.of(7n), shape: [] }],
  ]);
  return await session.run(feeds, 'y', [3, width]);
}

/** The offsets of all weights in the data file, packed ones too. */
async function offsetsIn(path: string): Promise<number[]> {
  const { graph } = fromBinary(ModelProtoSchema, await readFile(path));
  const entries = graph?.initializer.flatMap(({ externalData }) => externalData) ?? [];
  return entries.flatMap(({ key, value }) => {
    if (key === 'offset') return [Number(value)];
    return key.startsWith('prepacked_') ? Array.from(value.matchAll(/\|(\d+);/g), ([, offset]) => Number(offset)) : [];
  });
}

test('weights that lie anywhere are moved to multiples of 64 bytes, and the graph computes the same', async () => {
  const [published, prepared] = [join(temporary, 'odd.onnx'), join(temporary, 'graph.onnx')];
  await writeGraph(published);
  await saveOptimizedGraph(published, prepared, 'graph.onnx.data');
  const before = await offsetsIn(prepared);
  // Two weights, each as it is and packed, and the constant: without that there is nothing to test.
  expect(before.length).toBeGreaterThanOrEqual(5);
  expect(before.some((offset) => offset % 64 !== 0)).toBe(true);
  await alignWeights(prepared, 'graph.onnx.data');
  const after = await offsetsIn(prepared);
  expect(after).toHaveLength(before.length);
  expect(after.filter((offset) => offset % 64 !== 0)).toEqual([]);
  expect(await run(prepared, true)).toEqual(await run(published, false));
});

test('a file whose weights are where they should be is left alone', async () => {
  const prepared = join(temporary, 'graph.onnx');
  const before = await readFile(prepared);
  await alignWeights(prepared, 'graph.onnx.data');
  expect(await readFile(prepared)).toEqual(before);
});
