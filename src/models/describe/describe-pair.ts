import { z } from 'zod';

import type { ImageSpec } from '../image-spec.ts';
import { readJsonFile } from '../read-json-file.ts';
import type { TextSpec } from '../text-spec.ts';
import { clipDefaults, readImageSpec, transformersDefaults } from './read-image-spec.ts';

/** What a pair of towers, for texts and for images, is. */
interface PairDescription {
  readonly dimensions: number;
  readonly text: TextSpec;
  readonly image: ImageSpec;
}

const positive = z.number().int().positive();

const clipSchema = z.object({
  projection_dim: positive.default(512),
  text_config: z.object({ max_position_embeddings: positive.default(77) }).default({ max_position_embeddings: 77 }),
});

const siglipTextDefaults = { hidden_size: 768, max_position_embeddings: 64 };
const siglipSchema = z.object({
  text_config: z
    .object({
      hidden_size: positive.default(siglipTextDefaults.hidden_size),
      projection_size: positive.optional(),
      max_position_embeddings: positive.default(siglipTextDefaults.max_position_embeddings),
    })
    .default(siglipTextDefaults),
});

const textDefaults = {
  pooling: 'graph',
  poolingFile: undefined,
  normalize: false,
  lowerCase: false,
  prompts: {},
  defaultPrompt: undefined,
} as const;

/**
 * Describes a CLIP by its `config.json` and `preprocessor_config.json`; what is missing has the values of OpenAI's CLIP
 * ViT-B/32.
 *
 * @throws MODEL_INVALID naming file and field.
 */
export async function describeClip(folderPath: string): Promise<PairDescription> {
  const { projection_dim: dimensions, text_config: text } = await readJsonFile(folderPath, 'config.json', clipSchema);
  return {
    dimensions,
    text: { ...textDefaults, maxTokens: text.max_position_embeddings, tokenizer: 'clip', padding: 'after-end' },
    image: await readImageSpec(folderPath, clipDefaults),
  };
}

/**
 * Describes a SigLIP likewise; what is missing has the values of `siglip-base-patch16-224`. Its text tower pools the
 * last position, and was trained on texts padded to the end.
 *
 * @throws MODEL_INVALID naming file and field.
 */
export async function describeSiglip(folderPath: string): Promise<PairDescription> {
  const { text_config: text } = await readJsonFile(folderPath, 'config.json', siglipSchema);
  return {
    dimensions: text.projection_size ?? text.hidden_size,
    text: { ...textDefaults, maxTokens: text.max_position_embeddings, tokenizer: 'hub', padding: 'always' },
    image: await readImageSpec(folderPath, { ...transformersDefaults, filter: 'bicubic' }),
  };
}
