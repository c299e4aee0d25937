import { z } from 'zod';

import type { ImageSpec } from '../image-spec.ts';
import { readJsonFile } from '../read-json-file.ts';
import type { TextSpec } from '../text-spec.ts';
import { clipProcessor, siglipProcessor } from './image-processors.ts';
import { readImageSpec } from './read-image-spec.ts';

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

const tokenizerSchema = z.object({ tokenizer_class: z.string().nullish() });

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
export async function describeClip(folderPath: string, files: ReadonlySet<string>): Promise<PairDescription> {
  const { projection_dim: dimensions, text_config: text } = await readJsonFile(folderPath, 'config.json', clipSchema);
  return {
    dimensions,
    text: { ...textDefaults, maxTokens: text.max_position_embeddings, tokenizer: 'clip', padding: 'after-end' },
    image: await readImageSpec(folderPath, files, clipProcessor),
  };
}

/**
 * Describes a SigLIP likewise; what is missing has the values of `siglip-base-patch16-224`. Its text tower pools the
 * last position, and was trained on texts padded to the end; that of SigLIP 2 on lower-case texts, which Gemma's tokenizer
 * leaves to others.
 *
 * @throws MODEL_INVALID naming file and field.
 */
export async function describeSiglip(folderPath: string, files: ReadonlySet<string>): Promise<PairDescription> {
  const { text_config: text } = await readJsonFile(folderPath, 'config.json', siglipSchema);
  const { tokenizer_class: tokenizer } = await readJsonFile(folderPath, 'tokenizer_config.json', tokenizerSchema);
  const lowerCase = /^(?:Gemma|Siglip2)Tokenizer/.test(tokenizer ?? '');
  return {
    dimensions: text.projection_size ?? text.hidden_size,
    text: { ...textDefaults, maxTokens: text.max_position_embeddings, tokenizer: 'hub', padding: 'always', lowerCase },
    image: await readImageSpec(folderPath, files, siglipProcessor),
  };
}
