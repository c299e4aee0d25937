import { createModel } from '../../src/models/onnx-graph/create-model.ts';
import { createNode } from '../../src/models/onnx-graph/create-node.ts';
import { createTensor } from '../../src/models/onnx-graph/tensor.ts';
import type { RandomWeights } from './random-weights.ts';

/** The sizes of the plain matrix product [rows, inner] × [inner, columns]: the text tower's MLP over 512 tokens. */
export const matmulShape = { rows: 512, inner: 512, columns: 2048 } as const;

/** Builds a graph of nothing but one matrix product with a constant right side: what the runtime does at its best. */
export function buildMatmulGraph(weights: RandomWeights): ReturnType<typeof createModel> {
  const { rows, inner, columns } = matmulShape;
  return createModel({
    name: 'matmul',
    inputs: [{ name: 'left', type: 'float32', shape: [rows, inner] }],
    outputs: [{ name: 'product', type: 'float32', shape: [rows, columns] }],
    nodes: [createNode('MatMul', { name: 'MatMul', inputs: ['left', 'right'], outputs: ['product'] })],
    initializers: [createTensor('right', [inner, columns], weights.draw(inner * columns, 1))],
    opset: 17,
  });
}
