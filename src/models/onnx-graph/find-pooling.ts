import type { GraphEditor } from './graph-editor.ts';
import { inferRanks } from './infer-ranks.ts';
import { integerAttribute } from './node-attribute.ts';
import type { NodeProto } from './onnx_pb.ts';
import { readIntegers, shapeOf } from './tensor.ts';

/** A place where a graph goes on with some rows of a value [batch, sequence, channels] only. */
export interface Pooling {
  /** The value with all rows. */
  readonly source: string;
  /** The value with the chosen rows. */
  readonly result: string;
  /** The nodes that choose, first to last: the first takes `source` as its first input, each other the one before. */
  readonly steps: readonly NodeProto[];
}

/** Lists the poolings of a graph, as exporters write them, in the order of its nodes. */
export function findPoolings(editor: GraphEditor): Pooling[] {
  const rankOf = inferRanks(editor);
  const producers = editor.producers();
  const constant = editor.constants();

  const isConstantList = (value: string, expected: number): boolean => {
    const tensor = constant(value);
    return tensor !== undefined && readIntegers(tensor)?.join() === String(expected);
  };

  /** The size of a value's last axis, as far as the operators that make indices say it. */
  const lastSize = (value: string): number | undefined => {
    const tensor = constant(value);
    if (tensor !== undefined) return shapeOf(tensor).at(-1);
    const node = producers.get(value);
    const [first = '', second = ''] = node?.input ?? [];
    if (node?.opType === 'Cast' || node?.opType === 'Identity') return lastSize(first);
    if (node?.opType === 'Unsqueeze') return isConstantList(second, -1) ? 1 : undefined;
    if (node?.opType === 'ArgMax') {
      const axis = integerAttribute(node, 'axis', 0);
      const isLast = axis === -1 || axis + 1 === rankOf(first);
      return isLast && integerAttribute(node, 'keepdims', 1) === 1 ? 1 : undefined;
    }
    if (node?.opType !== 'Concat' || integerAttribute(node, 'axis', 0) !== -1) return undefined;
    return node.input.every((name) => lastSize(name) === 1) ? node.input.length : undefined;
  };

  const choosesRows = (node: NodeProto): boolean => {
    const { opType, input } = node;
    if (rankOf(input[0] ?? '') !== 3) return false;
    if (opType === 'Gather') return integerAttribute(node, 'axis', 0) === 1;
    if (opType === 'Slice') return isConstantList(input[3] ?? '', 1);
    // Its indices have to reach the batch and the sequence, and no further.
    return opType === 'GatherND' && integerAttribute(node, 'batch_dims', 0) + (lastSize(input[1] ?? '') ?? 0) === 2;
  };

  return editor.nodes.flatMap((node) => {
    const [data = ''] = node.input;
    const [result = ''] = node.output;
    if (choosesRows(node)) return [{ source: data, result, steps: [node] }];
    // x[torch.arange(batch), positions] as torch's exporter writes it: Gather from the rows of all sequences.
    const flatten = producers.get(data);
    const source = flatten?.input[0] ?? '';
    if (flatten?.opType !== 'Flatten' || integerAttribute(flatten, 'axis', 1) !== 2 || rankOf(source) !== 3) return [];
    const isPooling = node.opType === 'Gather' && integerAttribute(node, 'axis', 0) === 0;
    return isPooling ? [{ source, result, steps: [flatten, node] }] : [];
  });
}
