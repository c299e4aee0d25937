import { z } from 'zod';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { ImageSpec } from './image-spec.ts';
import { readJsonFile } from './read-json-file.ts';

/** What a CLIP model's `config.json` and `preprocessor_config.json` say that embedhouse needs. */
export interface ClipConfig {
  /** Length of a vector. */
  readonly dimensions: number;
  /** The most token ids a text may have, first and last one included. */
  readonly maxTokens: number;
  readonly image: ImageSpec;
  /** Where the folder says it came from, or undefined. */
  readonly source: string | undefined;
}

const positive = z.number().int().positive();

const configSchema = z.object({
  model_type: z.string(),
  projection_dim: positive.default(512),
  _name_or_path: z.string().nullish(),
  text_config: z.object({ max_position_embeddings: positive.default(77) }).default({ max_position_embeddings: 77 }),
});

// Pillow's number of the bicubic filter, the only one CLIP models are published with.
const BICUBIC = 3;
const channels = z.tuple([z.number(), z.number(), z.number()]);

const preprocessorSchema = z.object({
  size: z.union([positive, z.object({ shortest_edge: positive })]).default(224),
  crop_size: z.union([positive, z.object({ height: positive, width: positive })]).default(224),
  resample: z.literal(BICUBIC).default(BICUBIC),
  image_mean: channels.default([0.48145466, 0.4578275, 0.40821073]),
  image_std: channels.default([0.26862954, 0.26130258, 0.27577711]),
});

/**
 * Reads what describes a CLIP model in a folder laid out as the hub publishes it; fields that are missing get the
 * values of OpenAI's CLIP ViT-B/32.
 *
 * @throws MODEL_INVALID naming file and field.
 */
export async function readClipConfig(folderPath: string): Promise<ClipConfig> {
  const config = await readJsonFile(folderPath, 'config.json', configSchema);
  if (config.model_type !== 'clip') {
    throw new EmbedhouseError(
      'MODEL_INVALID',
      `${folderPath}/config.json: field model_type is '${config.model_type}', but embedhouse runs 'clip' models only; choose a CLIP model`,
    );
  }
  const preprocessor = await readJsonFile(folderPath, 'preprocessor_config.json', preprocessorSchema);
  return {
    dimensions: config.projection_dim,
    maxTokens: config.text_config.max_position_embeddings,
    image: toImageSpec(folderPath, preprocessor),
    source: config._name_or_path || undefined,
  };
}

function toImageSpec(folderPath: string, preprocessor: z.infer<typeof preprocessorSchema>): ImageSpec {
  const { size, crop_size: crop } = preprocessor;
  const shortSide = typeof size === 'number' ? size : size.shortest_edge;
  const [height, width] = typeof crop === 'number' ? [crop, crop] : [crop.height, crop.width];
  if (height !== width || height > shortSide) {
    throw new EmbedhouseError(
      'MODEL_INVALID',
      `${folderPath}/preprocessor_config.json: field crop_size is ${width} x ${height}, but must be a square no larger than size (${shortSide}); copy the file again from where the model came from`,
    );
  }
  return { shortSide, size: height, mean: preprocessor.image_mean, std: preprocessor.image_std };
}
