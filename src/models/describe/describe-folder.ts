import { z } from 'zod';

import type { ImageSpec } from '../image-spec.ts';
import { readJsonFile } from '../read-json-file.ts';
import type { TextSpec } from '../text-spec.ts';
import { describeImageEncoder } from './describe-image-encoder.ts';
import { describeClip, describeSiglip } from './describe-pair.ts';
import { describeTextEncoder } from './describe-text-encoder.ts';
import { invalidField } from './invalid-field.ts';
import { imageSettings } from './read-image-spec.ts';

/** `clip` and `siglip` embed texts and images into one space, `text` and `image` only these. */
export type ModelKind = 'clip' | 'siglip' | 'text' | 'image';

/** What a model folder's configuration files say. */
export interface ModelDescription {
  readonly kind: ModelKind;
  /** The family, as `config.json` names it: `clip`, `bert`, `dinov2`, … */
  readonly architecture: string;
  /** Length of a vector. */
  readonly dimensions: number;
  /** Undefined where the model embeds no texts. */
  readonly text: TextSpec | undefined;
  /** Undefined where the model embeds no images. */
  readonly image: ImageSpec | undefined;
  /** Where the folder says it came from, or undefined. */
  readonly source: string | undefined;
}

const configSchema = z.object({ model_type: z.string(), _name_or_path: z.string().nullish() });

/**
 * Finds out what a model folder can do from its configuration files; `files` are the folder's, relative to it.
 *
 * @throws MODEL_INVALID naming the file and the field that do not fit.
 */
export async function describeFolder(folderPath: string, files: ReadonlySet<string>): Promise<ModelDescription> {
  const config = await readJsonFile(folderPath, 'config.json', configSchema);
  const architecture = config.model_type;
  const common = { architecture, source: config._name_or_path || undefined };
  if (architecture === 'clip') return { kind: 'clip', ...common, ...(await describeClip(folderPath, files)) };
  if (architecture === 'siglip') return { kind: 'siglip', ...common, ...(await describeSiglip(folderPath, files)) };
  const readsTexts = files.has('tokenizer.json');
  const readsImages = imageSettings.some((file) => files.has(file));
  if (readsTexts && !readsImages) {
    return { kind: 'text', ...common, ...(await describeTextEncoder(folderPath, files)), image: undefined };
  }
  if (readsImages && !readsTexts) {
    return { kind: 'image', ...common, ...(await describeImageEncoder(folderPath, files)), text: undefined };
  }
  const trouble = readsTexts
    ? `has both tokenizer.json and preprocessor_config.json, but of models for texts and images only 'clip' and 'siglip' are known`
    : 'has neither tokenizer.json, as a model for texts has, nor preprocessor_config.json, as one for images has';
  throw invalidField(
    folderPath,
    'config.json',
    `field model_type is '${architecture}' and the folder ${trouble}; choose another model, or copy the missing file`,
  );
}
