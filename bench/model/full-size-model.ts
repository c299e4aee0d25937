import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writeOnnx } from '../../src/models/onnx-graph/write-onnx.ts';
import { cachePath, repositoryPath } from '../repository-path.ts';
import { clipShapes } from './clip-shapes.ts';
import { buildImageGraph } from './image-graph.ts';
import { buildMatmulGraph } from './matmul-graph.ts';
import { RandomWeights } from './random-weights.ts';
import { buildTextGraph } from './text-graph.ts';

/** Raised whenever what is made here changes: the folder is then made anew. */
const recipe = 'recipe 1, seed 20260101';
const seed = 20_260_101;

/** Where the benchmark's model is. */
export interface BenchModel {
  /** The folder of models that holds it. */
  readonly modelsPath: string;
  readonly name: string;
  readonly path: string;
  /** A graph of one plain matrix product. */
  readonly matmulPath: string;
}

/**
 * Makes a model folder with the shapes of CLIP ViT-B/32 and random weights (605 MB), unless it is there already. The
 * tokenizer is the bundled model's: a small vocabulary, whose end-of-text id is the greatest id that occurs.
 */
export async function ensureFullSizeModel(progress: (text: string) => void): Promise<BenchModel> {
  const modelsPath = join(cachePath, 'models');
  const name = 'bench-clip';
  const path = join(modelsPath, name);
  const matmulPath = join(cachePath, 'matmul.onnx');
  const madePath = join(path, 'made-by.txt');
  if (existsSync(madePath) && (await readFile(madePath, 'utf8')) === recipe) {
    return { modelsPath, name, path, matmulPath };
  }
  await rm(path, { recursive: true, force: true });
  await mkdir(join(path, 'onnx'), { recursive: true });
  progress('making the text tower (254 MB)');
  const weights = new RandomWeights(seed);
  await writeOnnx(join(path, 'onnx/text_model.onnx'), buildTextGraph(weights), { externalData: false });
  progress('making the image tower (351 MB)');
  await writeOnnx(join(path, 'onnx/vision_model.onnx'), buildImageGraph(weights), { externalData: false });
  await writeOnnx(matmulPath, buildMatmulGraph(weights), { externalData: false });
  await copyDescription(path);
  await writeFile(madePath, recipe);
  return { modelsPath, name, path, matmulPath };
}

async function copyDescription(path: string): Promise<void> {
  const bundled = join(repositoryPath, 'models/emoji-clip');
  for (const file of [
    'tokenizer.json',
    'tokenizer_config.json',
    'special_tokens_map.json',
    'preprocessor_config.json',
  ]) {
    await cp(join(bundled, file), join(path, file));
  }
  await writeFile(join(path, 'config.json'), `${JSON.stringify(config, undefined, 2)}\n`);
}

const config = {
  _name_or_path: 'random weights, made by the benchmark',
  architectures: ['CLIPModel'],
  model_type: 'clip',
  projection_dim: clipShapes.dimensions,
  text_config: {
    model_type: 'clip_text_model',
    vocab_size: clipShapes.text.vocabulary,
    max_position_embeddings: clipShapes.text.maxTokens,
    hidden_size: clipShapes.text.width,
    intermediate_size: 4 * clipShapes.text.width,
    num_attention_heads: clipShapes.text.heads,
    num_hidden_layers: clipShapes.text.layers,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
    projection_dim: clipShapes.dimensions,
  },
  vision_config: {
    model_type: 'clip_vision_model',
    image_size: clipShapes.image.size,
    patch_size: clipShapes.image.patch,
    num_channels: clipShapes.image.channels,
    hidden_size: clipShapes.image.width,
    intermediate_size: 4 * clipShapes.image.width,
    num_attention_heads: clipShapes.image.heads,
    num_hidden_layers: clipShapes.image.layers,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
    projection_dim: clipShapes.dimensions,
  },
};
