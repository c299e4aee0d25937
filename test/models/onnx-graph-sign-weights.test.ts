import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { multipliesInt8Exactly } from '../../src/models/multiplies-int8-exactly.ts';
import { dataTypes } from '../../src/models/onnx-graph/data-type.ts';
import { type OnnxModel, readOnnx } from '../../src/models/onnx-graph/read-onnx.ts';
import { signWeights } from '../../src/models/onnx-graph/sign-weights.ts';
import { exportedClipPath, idsFeed, pixelsFeed, recorded, runGraph } from './exported-clip.ts';

const exact = await multipliesInt8Exactly();

function typesOfWeights(model: OnnxModel, opType: string): Set<number | undefined> {
  const types = new Map(model.graph.initializer.map(({ name, dataType }) => [name, dataType]));
  const nodes = model.graph.node.filter((node) => node.opType === opType);
  return new Set(nodes.flatMap(({ input }) => [types.get(input[1] ?? ''), types.get(input[3] ?? '')]));
}

describe.each([
  { file: 'text_uint8.onnx', feed: idsFeed(recorded.ids) },
  { file: 'vision_uint8.onnx', feed: pixelsFeed(recorded.pixels, 32) },
])('$file', ({ file, feed }) => {
  test('has signed weights and zero points afterwards', async () => {
    const model = await readOnnx(join(exportedClipPath, file));
    expect(typesOfWeights(model, 'MatMulInteger')).toEqual(new Set([dataTypes.uint8]));
    expect(typesOfWeights(signWeights(model), 'MatMulInteger')).toEqual(new Set([dataTypes.int8]));
  });

  // Says why: see multipliesInt8Exactly.
  test.skipIf(!exact)(
    'gives the same vectors bit for bit, where the processor adds 8-bit products exactly',
    async () => {
      const model = await readOnnx(join(exportedClipPath, file));
      expect(await runGraph(signWeights(model), feed)).toEqual(await runGraph(model, feed));
    },
  );
});

test('leaves the weights of ConvInteger, which onnxruntime has for unsigned ones only', async () => {
  const model = await readOnnx(join(exportedClipPath, 'vision_uint8.onnx'));
  expect(typesOfWeights(signWeights(model), 'ConvInteger')).toEqual(new Set([dataTypes.uint8]));
});

test('gives back a graph without 8-bit weights as it was', async () => {
  const model = await readOnnx(join(exportedClipPath, 'text_sdpa_17.onnx'));
  expect(signWeights(model)).toBe(model);
});

test('does not change the model it was given', async () => {
  const file = join(exportedClipPath, 'text_uint8.onnx');
  const model = await readOnnx(file);
  signWeights(model);
  expect(model).toEqual(await readOnnx(file));
});
