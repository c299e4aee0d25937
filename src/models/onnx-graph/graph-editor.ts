import { create } from '@bufbuild/protobuf';
import { copyOf } from './copy-of.ts';
import { createNode, type NodeOptions } from './create-node.ts';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
} from './onnx_pb.ts';
import type { OnnxModel } from './read-onnx.ts';
import { sortNodes, valuesUsedBy } from './sort-nodes.ts';

/**
 * Changes a copy of a model's graph: nodes and weights are added, values are replaced by others, and `finish` leaves
 * out what no output needs any more. The model it begins with is not changed.
 */
export class GraphEditor {
  readonly #model: OnnxModel;
  readonly #constants = new Map<string, TensorProto>();
  readonly #outputs: ReadonlySet<string>;
  readonly #names = new Set<string>();
  readonly #domains = new Set<string>();
  readonly #nodes: NodeProto[];

  constructor(model: OnnxModel) {
    this.#model = model;
    this.#nodes = model.graph.node.map((node) =>
      copyOf(NodeProtoSchema, node, { input: [...node.input], output: [...node.output] }),
    );
    this.#outputs = new Set(model.graph.output.map(({ name }) => name));
    for (const tensor of model.graph.initializer) this.#constants.set(tensor.name, tensor);
    for (const { name, output, input } of this.#nodes)
      for (const taken of [name, ...input, ...output]) this.#names.add(taken);
    for (const name of this.#constants.keys()) this.#names.add(name);
  }

  /** The nodes as they are now; their inputs may be set. */
  get nodes(): readonly NodeProto[] {
    return [...this.#nodes];
  }

  /** The nodes that the outputs need, in an order in which they can run. */
  sortedNodes(): NodeProto[] {
    return sortNodes(this.#nodes, this.#outputs);
  }

  /** The version of the standard operators that the model is written in. */
  get opset(): number {
    return Number(this.#model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1);
  }

  /** Maps each value to the node that computes it. */
  producers(): Map<string, NodeProto> {
    return new Map(this.#nodes.flatMap((node) => node.output.map((value) => [value, node] as const)));
  }

  /** Maps each value to the nodes that use it. */
  consumers(): Map<string, NodeProto[]> {
    const consumers = new Map<string, NodeProto[]>();
    for (const node of this.#nodes) {
      for (const value of valuesUsedBy(node)) {
        const known = consumers.get(value);
        if (known === undefined) consumers.set(value, [node]);
        else known.push(node);
      }
    }
    return consumers;
  }

  /** How many axes an input of the graph has; undefined when the file does not say. */
  inputRank(value: string): number | undefined {
    return this.#model.graph.input.find(({ name }) => name === value)?.type?.tensorType?.shape?.dim.length;
  }

  isOutput(value: string): boolean {
    return this.#outputs.has(value);
  }

  /** Gives a value that is the same in every run: a weight, or the value of a `Constant` node. */
  constants(): (value: string) => TensorProto | undefined {
    const producers = this.producers();
    const find = (value: string): TensorProto | undefined => {
      const weight = this.#constants.get(value);
      if (weight !== undefined) return weight;
      const node = producers.get(value);
      // Exporters share equal weights through Identity.
      if (node?.opType === 'Identity') return find(node.input[0] ?? '');
      if (node?.opType === 'Constant') return node.attribute.find(({ name }) => name === 'value')?.t;
      return undefined;
    };
    return find;
  }

  /** Gives `name`, with a number behind it when that is taken. */
  uniqueName(name: string): string {
    let unique = name;
    for (let number = 2; this.#names.has(unique); number += 1) unique = `${name}_${number}`;
    this.#names.add(unique);
    return unique;
  }

  /** Adds a weight under the tensor's name, which must be from `uniqueName`, and gives the name. */
  addConstant(tensor: TensorProto): string {
    this.#constants.set(tensor.name, tensor);
    return tensor.name;
  }

  /** Adds a node with one output, called `name` or what is unique, and gives the output. */
  addNode(
    opType: string,
    name: string,
    inputs: readonly string[],
    more: Pick<NodeOptions, 'attributes' | 'domain'> = {},
  ): string {
    const output = this.uniqueName(name);
    this.#nodes.push(createNode(opType, { name: output, inputs, outputs: [output], ...more }));
    if (more.domain !== undefined) this.#domains.add(more.domain);
    return output;
  }

  /** Adds a node like another, with other inputs and an output of its own, and gives the output. */
  addCopy(node: NodeProto, name: string, inputs: readonly string[]): string {
    const output = this.uniqueName(name);
    this.#nodes.push(copyOf(NodeProtoSchema, node, { name: output, input: [...inputs], output: [output] }));
    return output;
  }

  /** Lets the output `replacement` of an added node stand wherever `value` was used, under the name `value`. */
  replaceValue(value: string, replacement: string): void {
    const hidden = this.uniqueName(`${value}/replaced`);
    for (const node of this.#nodes) {
      node.output = node.output.map((name) => {
        if (name === value) return hidden;
        return name === replacement ? value : name;
      });
      node.input = node.input.map((name) => (name === replacement ? value : name));
    }
  }

  /** Gives the changed model: nodes in an order that can run, without what no output needs. */
  finish(): OnnxModel {
    const { graph, opsetImport } = this.#model;
    const node = this.sortedNodes();
    const used = new Set([...node.flatMap(valuesUsedBy), ...this.#outputs]);
    const changed = copyOf(GraphProtoSchema, graph, {
      node,
      initializer: [...this.#constants.values()].filter(({ name }) => used.has(name)),
      // Files of the first versions list weights as inputs too.
      input: graph.input.filter(({ name }) => !this.#constants.has(name)),
      // What is known of the shapes of values that are still there helps onnxruntime to fuse nodes.
      valueInfo: graph.valueInfo.filter(({ name }) => used.has(name)),
    });
    const missing = [...this.#domains].filter((domain) => !opsetImport.some((known) => known.domain === domain));
    const added = missing.map((domain) => create(OperatorSetIdProtoSchema, { domain, version: 1n }));
    const model = copyOf(ModelProtoSchema, this.#model, { opsetImport: [...opsetImport, ...added] });
    return Object.assign(model, { graph: changed });
  }
}
