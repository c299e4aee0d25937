import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { modelsPath } from './fixtures.ts';

/** What scripts/fixtures/tiny-models.py recorded of a model with random weights, from PyTorch and transformers. */
export interface RecordedModel {
  /** `ids` with special ones, cut to the maximum; without padding unless the model itself wants it. */
  texts: { text: string; ids: number[]; vector: number[] }[];
  /** Vectors of texts behind one of the model's prompts. */
  prompted: { text: string; prompt: string; vector: number[] }[];
  /** Vectors of the same graph's tokens pooled by their maximum. */
  max: { text: string; vector: number[] }[];
  images: { file: string; vector: number[] }[];
}

/** The recorded models of all kinds but CLIP in two files, which is `tiny-clip`. */
export const recordedModels = [
  'tiny-bert-cls',
  'tiny-bert-mean',
  'tiny-clip-one-file',
  'tiny-decoder-last',
  'tiny-dino',
  'tiny-siglip',
  'tiny-vit',
] as const;

/** Reads what was recorded of a model; a list that it does not have is empty. */
export function readRecordedModel(name: string): RecordedModel {
  const recorded: Partial<RecordedModel> = JSON.parse(readFileSync(join(modelsPath, name, 'expected.json'), 'utf8'));
  return { texts: [], prompted: [], max: [], images: [], ...recorded };
}

/** Shows a text in a test's title. */
export function titleOf(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}… (${text.length})` : text);
}
