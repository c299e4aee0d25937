import type { GraphEditor } from './graph-editor.ts';
import { integerAttribute, integersAttribute } from './node-attribute.ts';
import type { NodeProto } from './onnx_pb.ts';
import { readIntegers, shapeOf } from './tensor.ts';

/** Operators whose result has the axes of their first input. */
const sameAsFirst = new Set([
  'Abs',
  'BatchNormalization',
  'Cast',
  'Clip',
  'Conv',
  'Erf',
  'Exp',
  'Gelu',
  'Identity',
  'LayerNormalization',
  'Neg',
  'Reciprocal',
  'Relu',
  'Sigmoid',
  'Slice',
  'Softmax',
  'Sqrt',
  'Tanh',
  'Transpose',
  'Trilu',
  'Split',
]);
/** Operators that broadcast their inputs against each other. */
const broadcasting = new Set(['Add', 'Div', 'Equal', 'MatMul', 'Max', 'Min', 'Mul', 'Pow', 'Sub', 'Where']);

/**
 * Gives a function that says how many axes a value has, as far as that follows from the operators that a transformer
 * is made of; undefined elsewhere.
 */
export function inferRanks(editor: GraphEditor): (value: string) => number | undefined {
  const producers = editor.producers();
  const constant = editor.constants();
  const known = new Map<string, number | undefined>();

  const infer = (node: NodeProto): number | undefined => {
    const [first = '', second = ''] = node.input;
    if (sameAsFirst.has(node.opType)) return rankOf(first);
    if (broadcasting.has(node.opType)) return broadcast(node.input.map(rankOf));
    switch (node.opType) {
      case 'Shape':
        return 1;
      case 'Concat':
        // All of its inputs have as many axes.
        return node.input.map(rankOf).find((rank) => rank !== undefined);
      case 'Flatten':
        return 2;
      case 'Range':
        return 1;
      case 'Gather':
        return sum(rankOf(first), rankOf(second), -1);
      case 'Unsqueeze':
        return sum(rankOf(first), axesOf(node, second)?.length);
      case 'Squeeze':
        return sum(rankOf(first), negate(axesOf(node, second)?.length));
      case 'ArgMax':
      case 'ReduceMean':
        return integerAttribute(node, 'keepdims', 1) === 1 ? rankOf(first) : undefined;
      case 'Reshape':
        return lengthOf(second);
      case 'Expand':
        return broadcast([rankOf(first), lengthOf(second)]);
      default:
        return undefined;
    }
  };

  const axesOf = (node: NodeProto, input: string): number[] | undefined => {
    const tensor = constant(input);
    return tensor === undefined ? integersAttribute(node, 'axes') : readIntegers(tensor);
  };

  /** How many elements a list has, such as the shape that `Reshape` takes. */
  const lengthOf = (value: string): number | undefined => {
    const tensor = constant(value);
    if (tensor !== undefined) return shapeOf(tensor)[0];
    const node = producers.get(value);
    if (node === undefined) return undefined;
    const [first = ''] = node.input;
    if (node.opType === 'Shape') return shapeLength(rankOf(first), node);
    if (node.opType === 'Concat') return sum(...node.input.map(lengthOf));
    if (node.opType === 'Unsqueeze') return rankOf(first) === 0 ? 1 : undefined;
    if (node.opType === 'Slice') return sliceLength(lengthOf(first), node);
    if (node.opType === 'Gather') return lengthOf(node.input[1] ?? '');
    return undefined;
  };

  const shapeLength = (rank: number | undefined, node: NodeProto): number | undefined => {
    if (rank === undefined) return undefined;
    return lengthBetween(rank, integerAttribute(node, 'start', 0), integerAttribute(node, 'end', rank));
  };

  const sliceLength = (length: number | undefined, { input }: NodeProto): number | undefined => {
    const from = singleInteger(input[1] ?? '');
    const to = singleInteger(input[2] ?? '');
    if (length === undefined || from === undefined || to === undefined || from < 0 || input.length > 4)
      return undefined;
    return Math.max(0, Math.min(length, to < 0 ? length + to : to) - from);
  };

  const singleInteger = (value: string): number | undefined => {
    const tensor = constant(value);
    const values = tensor === undefined ? [] : (readIntegers(tensor) ?? []);
    return values.length === 1 ? values[0] : undefined;
  };

  const rankOf = (value: string): number | undefined => {
    if (known.has(value)) return known.get(value);
    const tensor = constant(value);
    const node = producers.get(value);
    const rank =
      tensor === undefined ? (node === undefined ? editor.inputRank(value) : infer(node)) : tensor.dims.length;
    known.set(value, rank);
    return rank;
  };
  return rankOf;
}

/** How many elements are from `from` to before `to` in a list; negative numbers count from its end. */
function lengthBetween(length: number, from: number, to: number): number {
  const [start, end] = [from, to].map((index) => Math.min(length, Math.max(0, index < 0 ? length + index : index)));
  return Math.max(0, (end ?? 0) - (start ?? 0));
}

function sum(...terms: (number | undefined)[]): number | undefined {
  let total = 0;
  for (const term of terms) {
    if (term === undefined) return undefined;
    total += term;
  }
  return total;
}

function negate(value: number | undefined): number | undefined {
  return value === undefined ? undefined : -value;
}

function broadcast(ranks: readonly (number | undefined)[]): number | undefined {
  const found: number[] = [];
  for (const rank of ranks) {
    if (rank === undefined) return undefined;
    found.push(rank);
  }
  return Math.max(...found);
}
