import { createNode, type AttributeValue } from '../../src/models/onnx-graph/create-node.ts';
import { createTensor, type TensorValues } from '../../src/models/onnx-graph/tensor.ts';
import type { RandomWeights } from './random-weights.ts';

type Node = ReturnType<typeof createNode>;
type Tensor = ReturnType<typeof createTensor>;

/** Collects nodes and weights of a graph in the order in which they are computed. */
export class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly initializers: Tensor[] = [];
  readonly weights: RandomWeights;

  constructor(weights: RandomWeights) {
    this.weights = weights;
  }

  /** Adds a node with one output, which is named for it, and answers the output's name. */
  node(
    opType: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const output = `${name}/${opType}_output_0`;
    this.nodes.push(createNode(opType, { name: `${name}/${opType}`, inputs, outputs: [output], attributes }));
    return output;
  }

  /** Adds a weight and answers its name. */
  weight(name: string, dims: readonly number[], values: TensorValues): string {
    this.initializers.push(createTensor(name, dims, values));
    return name;
  }

  /** Adds integers that shape others: axes, sizes, places. */
  integers(name: string, ...values: number[]): string {
    return this.weight(name, [values.length], BigInt64Array.from(values, BigInt));
  }

  number(name: string, value: number): string {
    return this.weight(name, [], Float32Array.of(value));
  }

  /** Adds a table of normal numbers. */
  table(name: string, dims: readonly number[], deviation: number): string {
    const count = dims.reduce((product, size) => product * size, 1);
    return this.weight(name, dims, this.weights.draw(count, deviation));
  }

  /** x · W (+ b); the deviation 1.5 / √inputs keeps activations about as large as they come in. */
  linear(name: string, input: string, [inputs, outputs]: readonly [number, number], { bias = true } = {}): string {
    const matrix = this.table(`${name}.weight`, [inputs, outputs], 1.5 / Math.sqrt(inputs));
    const product = this.node('MatMul', name, [input, matrix]);
    return bias ? this.node('Add', name, [this.table(`${name}.bias`, [outputs], 0.02), product]) : product;
  }

  layerNorm(name: string, input: string, width: number): string {
    const gain = this.weight(`${name}.weight`, [width], this.weights.draw(width, 0.1, 1));
    const bias = this.table(`${name}.bias`, [width], 0.02);
    return this.node('LayerNormalization', name, [input, gain, bias], { axis: -1n, epsilon: 1e-5 });
  }
}
