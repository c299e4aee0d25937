import { createModel } from '../../src/models/onnx-graph/create-model.ts';
import { createNode } from '../../src/models/onnx-graph/create-node.ts';
import { clipShapes, imageTokens } from './clip-shapes.ts';
import { GraphBuilder } from './graph-builder.ts';
import type { RandomWeights } from './random-weights.ts';
import { addTransformerLayer } from './transformer-layer.ts';

/** Builds the image tower: pixel_values [batch, 3, 224, 224] to image_embeds [batch, 512]. */
export function buildImageGraph(weights: RandomWeights): ReturnType<typeof createModel> {
  const { width, layers, size, patch, channels } = clipShapes.image;
  const graph = new GraphBuilder(weights);
  const shape = graph.node('Shape', '/pixels', ['pixel_values']);
  const batch = graph.node('Gather', '/batch', [shape, graph.integers('first', 0)], { axis: 0n });
  const patches = graph.node(
    'Conv',
    '/embeddings/patch_embedding',
    [
      'pixel_values',
      graph.table('patch_embedding.weight', [width, channels, patch, patch], (channels * patch ** 2) ** -0.5),
    ],
    { kernel_shape: [BigInt(patch), BigInt(patch)], strides: [BigInt(patch), BigInt(patch)] },
  );
  const flat = graph.node('Reshape', '/embeddings', [patches, graph.integers('flat', 0, width, -1)]);
  const rows = graph.node('Transpose', '/embeddings', [flat], { perm: [0n, 2n, 1n] });
  const classShape = graph.node('Concat', '/embeddings/class', [batch, graph.integers('class_shape', 1, width)], {
    axis: 0n,
  });
  const classToken = graph.table('class_embedding', [1, 1, width], 0.3);
  const classes = graph.node('Expand', '/embeddings/class', [classToken, classShape]);
  const joined = graph.node('Concat', '/embeddings', [classes, rows], { axis: 1n });
  const positions = graph.table('position_embedding.weight', [imageTokens, width], 0.1);
  const placed = graph.node('Add', '/embeddings', [joined, positions]);
  let hidden = graph.layerNorm('/pre_layrnorm', placed, width);
  for (let layer = 0; layer < layers; layer++) {
    hidden = addTransformerLayer(graph, `/encoder/layers.${layer}`, hidden, clipShapes.image);
  }
  const pooled = graph.node('Gather', '/pooling', [hidden, graph.weight('class_place', [], BigInt64Array.of(0n))], {
    axis: 1n,
  });
  const normed = graph.layerNorm('/post_layernorm', pooled, width);
  const projection = graph.table('visual_projection.weight', [width, clipShapes.dimensions], width ** -0.5);
  graph.nodes.push(
    createNode('MatMul', {
      name: '/visual_projection/MatMul',
      inputs: [normed, projection],
      outputs: ['image_embeds'],
    }),
  );
  return createModel({
    name: 'vision_model',
    inputs: [{ name: 'pixel_values', type: 'float32', shape: ['batch_size', channels, size, size] }],
    outputs: [{ name: 'image_embeds', type: 'float32', shape: ['batch_size', clipShapes.dimensions] }],
    nodes: graph.nodes,
    initializers: graph.initializers,
    opset: 17,
  });
}
