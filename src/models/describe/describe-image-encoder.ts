import { z } from 'zod';

import type { ImageSpec } from '../image-spec.ts';
import { readJsonFile } from '../read-json-file.ts';
import { invalidField } from './invalid-field.ts';
import { vitProcessor } from './image-processors.ts';
import { readImageSpec } from './read-image-spec.ts';

const positive = z.number().int().positive();

const configSchema = z.object({
  model_type: z.string(),
  hidden_size: positive.optional(),
  projection_dim: positive.optional(),
  // Of those whose stages grow wider.
  hidden_sizes: z.array(positive).optional(),
});

/**
 * Describes a plain image encoder by its `config.json` and `preprocessor_config.json`.
 *
 * @throws MODEL_INVALID naming file and field.
 */
export async function describeImageEncoder(
  folderPath: string,
  files: ReadonlySet<string>,
): Promise<{ dimensions: number; image: ImageSpec }> {
  const config = await readJsonFile(folderPath, 'config.json', configSchema);
  // The image half of a CLIP by itself gives what its projection makes.
  const projected = config.model_type === 'clip_vision_model' ? config.projection_dim : undefined;
  const dimensions = projected ?? config.hidden_size ?? config.hidden_sizes?.at(-1);
  if (dimensions === undefined) {
    throw invalidField(
      folderPath,
      'config.json',
      `neither hidden_size nor hidden_sizes says how long a vector of '${config.model_type}' is; choose another model`,
    );
  }
  return { dimensions, image: await readImageSpec(folderPath, files, vitProcessor) };
}
