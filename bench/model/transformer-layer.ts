import type { TransformerShape } from './clip-shapes.ts';
import type { GraphBuilder } from './graph-builder.ts';

/**
 * Adds one pre-norm transformer layer as transformers' export writes it: three projections, the scaled query, heads by
 * Reshape and Transpose, the mask added, QuickGELU as x · sigmoid(1.702 x). Input and output: [batch, tokens, width].
 */
export function addTransformerLayer(
  graph: GraphBuilder,
  name: string,
  input: string,
  { width, heads }: TransformerShape,
  mask?: string,
): string {
  const normed = graph.layerNorm(`${name}/layer_norm1`, input, width);
  const attended = addAttention(graph, `${name}/self_attn`, normed, { width, heads }, mask);
  const middle = graph.node('Add', `${name}/residual1`, [input, attended]);
  const hidden = graph.linear(`${name}/mlp/fc1`, graph.layerNorm(`${name}/layer_norm2`, middle, width), [
    width,
    4 * width,
  ]);
  const scaled = graph.node('Mul', `${name}/mlp/scale`, [hidden, graph.number(`${name}.mlp.scale`, 1.702)]);
  const sigmoid = graph.node('Sigmoid', `${name}/mlp/activation_fn`, [scaled]);
  const activated = graph.node('Mul', `${name}/mlp/activation_fn`, [hidden, sigmoid]);
  const mlp = graph.linear(`${name}/mlp/fc2`, activated, [4 * width, width]);
  return graph.node('Add', `${name}/residual2`, [middle, mlp]);
}

function addAttention(
  graph: GraphBuilder,
  name: string,
  input: string,
  { width, heads }: Pick<TransformerShape, 'width' | 'heads'>,
  mask: string | undefined,
): string {
  const headWidth = width / heads;
  const project = (part: string): string => graph.linear(`${name}/${part}_proj`, input, [width, width]);
  // In a Reshape, 0 keeps the input's size: batch and tokens stay free.
  const splitShape = graph.integers(`${name}.heads`, 0, 0, heads, headWidth);
  const split = (part: string, projected: string, perm: readonly bigint[]): string =>
    graph.node('Transpose', `${name}/${part}`, [graph.node('Reshape', `${name}/${part}`, [projected, splitShape])], {
      perm,
    });
  const scale = graph.number(`${name}.scale`, headWidth ** -0.5);
  const query = split('query', graph.node('Mul', `${name}/query`, [project('q'), scale]), [0n, 2n, 1n, 3n]);
  const key = split('key', project('k'), [0n, 2n, 3n, 1n]);
  const value = split('value', project('v'), [0n, 2n, 1n, 3n]);
  const scores = graph.node('MatMul', `${name}/scores`, [query, key]);
  const masked = mask === undefined ? scores : graph.node('Add', `${name}/mask`, [scores, mask]);
  const shares = graph.node('Softmax', name, [masked], { axis: -1n });
  const attended = graph.node('MatMul', `${name}/attended`, [shares, value]);
  const joined = graph.node('Transpose', `${name}/attended`, [attended], { perm: [0n, 2n, 1n, 3n] });
  const flat = graph.node('Reshape', `${name}/attended`, [joined, graph.integers(`${name}.width`, 0, 0, width)]);
  return graph.linear(`${name}/out_proj`, flat, [width, width]);
}
