import { findPoolings, type Pooling } from './find-pooling.ts';
import { GraphEditor } from './graph-editor.ts';
import { inferRanks } from './infer-ranks.ts';
import type { NodeProto } from './onnx_pb.ts';
import type { OnnxModel } from './read-onnx.ts';
import { rowInputs, rowLength } from './row-wise.ts';
import { createTensor } from './tensor.ts';

/**
 * Chooses the pooled row as soon as the last attention is done instead of at the end, so that the last layer's output
 * projection and MLP are computed for one row a sequence. Each row takes the same steps as before, so vectors agree to
 * the rounding of the matrix products. A graph whose end is not understood comes back as it was.
 */
export function poolEarly(model: OnnxModel): OnnxModel {
  const editor = new GraphEditor(model);
  for (const pooling of findPoolings(editor).toReversed()) {
    const tail = findTail(editor, pooling);
    if (tail !== undefined) {
      new TailWriter(editor, pooling, tail).write();
      return editor.finish();
    }
  }
  return model;
}

/** The row-wise nodes before a pooling whose results nothing else needs in full. */
interface Tail {
  readonly nodes: ReadonlySet<NodeProto>;
  /** A value [batch, sequence, any] that the tail begins with. */
  readonly start: string;
  /** What asks for the shape of a value in the tail, with the length of that value's rows. */
  readonly shapes: ReadonlyMap<NodeProto, number>;
}

function findTail(editor: GraphEditor, { source, steps }: Pooling): Tail | undefined {
  const constant = editor.constants();
  const rankOf = inferRanks(editor);
  const consumers = editor.consumers();
  const nodes = new Set<NodeProto>();
  const wanted = new Set([source]);
  const starts: string[] = [];
  const asking = new Map<NodeProto, NodeProto>();
  for (const node of editor.sortedNodes().toReversed()) {
    const value = node.output[0] ?? '';
    if (!wanted.has(value)) continue;
    const users = consumers.get(value) ?? [];
    const shapes = users.filter(({ opType, attribute }) => opType === 'Shape' && attribute.length === 0);
    const inputs = rowInputs(node, constant);
    const isOnlyPooled = users.every((user) => nodes.has(user) || steps.includes(user) || shapes.includes(user));
    if (inputs === undefined || !isOnlyPooled || editor.isOutput(value)) {
      starts.push(value);
      continue;
    }
    nodes.add(node);
    for (const input of inputs) wanted.add(input);
    for (const shape of shapes) asking.set(shape, node);
  }
  const [start] = starts;
  const saves = [...nodes].some(({ opType }) => opType === 'MatMul');
  if (start === undefined || !saves || starts.some((value) => rankOf(value) !== 3)) return undefined;
  const shapes = new Map<NodeProto, number>();
  for (const [shape, node] of asking) {
    const length = rowLength(node, constant);
    if (length === undefined) return undefined;
    shapes.set(shape, length);
  }
  return { nodes, start, shapes };
}

/** Adds the tail a second time, for the chosen rows, and puts it in place of the first. */
class TailWriter {
  readonly #editor: GraphEditor;
  readonly #pooling: Pooling;
  readonly #tail: Tail;
  readonly #producers: ReadonlyMap<string, NodeProto>;
  readonly #pooled = new Map<string, string>();

  constructor(editor: GraphEditor, pooling: Pooling, tail: Tail) {
    this.#editor = editor;
    this.#pooling = pooling;
    this.#tail = tail;
    this.#producers = editor.producers();
  }

  write(): void {
    const { source, result } = this.#pooling;
    this.#editor.replaceValue(result, this.#pool(source));
    for (const [shape, length] of this.#tail.shapes) {
      this.#editor.replaceValue(shape.output[0] ?? '', this.#writeShape(length));
    }
  }

  #pool(value: string): string {
    const known = this.#pooled.get(value);
    if (known !== undefined) return known;
    const name = `${value}/pooled`;
    const node = this.#producers.get(value);
    let pooled = value;
    if (node !== undefined && this.#tail.nodes.has(node)) {
      const varying = new Set(rowInputs(node, this.#editor.constants()));
      const inputs = node.input.map((input) => (varying.has(input) ? this.#pool(input) : input));
      pooled = this.#editor.addCopy(node, name, inputs);
    } else {
      for (const step of this.#pooling.steps)
        pooled = this.#editor.addCopy(step, name, [pooled, ...step.input.slice(1)]);
    }
    this.#pooled.set(value, pooled);
    return pooled;
  }

  /** Adds the shape that a value of the tail had, which need not be computed in full for that: [batch, sequence, length]. */
  #writeShape(length: number): string {
    const editor = this.#editor;
    const integers = (name: string, values: readonly number[]): string =>
      editor.addConstant(
        createTensor(editor.uniqueName(`pool_early/${name}`), [values.length], BigInt64Array.from(values, BigInt)),
      );
    const shape = editor.addNode('Shape', 'pool_early/shape', [this.#tail.start]);
    const leading = editor.addNode('Slice', 'pool_early/leading', [shape, integers('from', [0]), integers('to', [2])]);
    return editor.addNode('Concat', 'pool_early/full_shape', [leading, integers('length', [length])], {
      attributes: { axis: 0n },
    });
  }
}
