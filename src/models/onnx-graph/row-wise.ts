import { integerAttribute, integersAttribute } from './node-attribute.ts';
import type { NodeProto, TensorProto } from './onnx_pb.ts';
import { readIntegers } from './tensor.ts';

const elementwise = new Set([
  'Abs',
  'Cast',
  'Erf',
  'Exp',
  'Gelu',
  'Identity',
  'Neg',
  'Reciprocal',
  'Relu',
  'Sigmoid',
  'Sqrt',
  'Tanh',
]);
const pairwise = new Set(['Add', 'Div', 'Mul', 'Pow', 'Sub']);

/**
 * Names the inputs of a node that vary, if the node computes each row (the values along the last axis) from the same
 * row of these alone; undefined for every other node.
 */
export function rowInputs(node: NodeProto, constant: (value: string) => TensorProto | undefined): string[] | undefined {
  const { opType, input, output } = node;
  const [first = '', ...others] = input;
  if (output.filter((name) => name !== '').length !== 1) return undefined;
  if (elementwise.has(opType)) return [first];
  if (pairwise.has(opType)) {
    const varying = input.filter((name) => constant(name) === undefined);
    // A constant of more axes would stand for other rows too.
    const fits = input.every((name) => (constant(name)?.dims.length ?? 0) <= 1);
    return fits && varying.length > 0 ? varying : undefined;
  }
  if (opType === 'MatMul') return constant(others[0] ?? '')?.dims.length === 2 ? [first] : undefined;
  if (opType === 'LayerNormalization') {
    const plain = others.every((name) => constant(name)?.dims.length === 1);
    return plain && integerAttribute(node, 'axis', -1) === -1 ? [first] : undefined;
  }
  if (opType === 'ReduceMean') return isOverLastAxis(node, constant(others[0] ?? '')) ? [first] : undefined;
  return undefined;
}

/** How long the rows of a row-wise node's result are, where its weights say so. */
export function rowLength(node: NodeProto, constant: (value: string) => TensorProto | undefined): number | undefined {
  const size = node.input
    .map((name) => constant(name)?.dims.at(-1))
    .find((length) => length !== undefined && length > 1n);
  return size === undefined ? undefined : Number(size);
}

function isOverLastAxis(node: NodeProto, axesInput: TensorProto | undefined): boolean {
  const axes = axesInput === undefined ? integersAttribute(node, 'axes') : readIntegers(axesInput);
  return axes?.length === 1 && axes[0] === -1 && integerAttribute(node, 'keepdims', 1) === 1;
}
