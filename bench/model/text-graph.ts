import { createModel } from '../../src/models/onnx-graph/create-model.ts';
import { createNode } from '../../src/models/onnx-graph/create-node.ts';
import { clipShapes } from './clip-shapes.ts';
import { GraphBuilder } from './graph-builder.ts';
import type { RandomWeights } from './random-weights.ts';
import { addTransformerLayer } from './transformer-layer.ts';

// What transformers puts in place of -infinity: the smallest float32.
const masked = -3.4028234663852886e38;

/** Builds the text tower: input_ids [batch, sequence] to text_embeds [batch, 512]. */
export function buildTextGraph(weights: RandomWeights): ReturnType<typeof createModel> {
  const { width, layers, vocabulary, maxTokens } = clipShapes.text;
  const graph = new GraphBuilder(weights);
  const zero = graph.weight('zero', [], BigInt64Array.of(0n));
  const one = graph.weight('one', [], BigInt64Array.of(1n));
  const shape = graph.node('Shape', '/ids', ['input_ids']);
  const batch = graph.node('Gather', '/batch', [shape, zero], { axis: 0n });
  const sequence = graph.node('Gather', '/sequence', [shape, one], { axis: 0n });
  const start = graph.integers('start', 0);
  const end = graph.node('Unsqueeze', '/sequence', [sequence, graph.integers('axis', 0)]);
  const positions = graph.node('Slice', '/embeddings/positions', [
    graph.table('position_embedding.weight', [maxTokens, width], 0.1),
    start,
    end,
    'axis',
  ]);
  const tokens = graph.node('Gather', '/embeddings/token_embedding', [
    graph.table('token_embedding.weight', [vocabulary, width], 0.3),
    'input_ids',
  ]);
  const mask = addCausalMask(graph, end);
  let hidden = graph.node('Add', '/embeddings', [tokens, positions]);
  for (let layer = 0; layer < layers; layer++) {
    hidden = addTransformerLayer(graph, `/encoder/layers.${layer}`, hidden, clipShapes.text, mask);
  }
  const normed = graph.layerNorm('/final_layer_norm', hidden, width);
  const last = graph.node('ArgMax', '/pooling', ['input_ids'], { axis: 1n, keepdims: 0n });
  const rows = graph.node('Range', '/pooling', [zero, batch, one]);
  const column = graph.integers('column', 1);
  const places = graph.node(
    'Concat',
    '/pooling',
    [rows, last].map((index, part) => graph.node('Unsqueeze', `/pooling/${part}`, [index, column])),
    { axis: 1n },
  );
  const pooled = graph.node('GatherND', '/pooling', [normed, places]);
  const projection = graph.table('text_projection.weight', [width, clipShapes.dimensions], width ** -0.5);
  graph.nodes.push(
    createNode('MatMul', {
      name: '/text_projection/MatMul',
      inputs: [pooled, projection],
      outputs: ['text_embeds'],
    }),
  );
  return createModel({
    name: 'text_model',
    inputs: [{ name: 'input_ids', type: 'int64', shape: ['batch_size', 'sequence_length'] }],
    outputs: [{ name: 'text_embeds', type: 'float32', shape: ['batch_size', clipShapes.dimensions] }],
    nodes: graph.nodes,
    initializers: graph.initializers,
    opset: 17,
  });
}

/** Cuts the mask of 77 × 77 to the sequence's length: a token sees itself and what stands before it. */
function addCausalMask(graph: GraphBuilder, end: string): string {
  const { maxTokens } = clipShapes.text;
  const values = Float32Array.from({ length: maxTokens ** 2 }, (_, index) =>
    index % maxTokens > Math.floor(index / maxTokens) ? masked : 0,
  );
  const whole = graph.weight('causal_mask', [maxTokens, maxTokens], values);
  const lengths = graph.node('Concat', '/mask/lengths', [end, end], { axis: 0n });
  const starts = graph.integers('mask.starts', 0, 0);
  return graph.node('Slice', '/mask', [whole, starts, lengths, graph.integers('mask.axes', 0, 1)]);
}
