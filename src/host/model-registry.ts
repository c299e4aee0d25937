import { stat } from 'node:fs/promises';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Precision } from '../models/precision.ts';
import { loadTokenizer, type Tokenizer } from '../models/clip-tokenizer.ts';
import { openModelFolder, type ModelFolder } from '../models/model-folder.ts';

/** A model as the host knows it: its folder and tokenizer. Its towers are in the encoder processes. */
export interface HostedModel {
  folder: ModelFolder;
  tokenizer: Tokenizer;
  /** Tells two states of a folder apart, so that a cached vector is never of a model that was replaced. */
  fingerprint: string;
}

/** Opens each model folder once, and again when its configuration has changed on disk. */
export class ModelRegistry {
  readonly #models = new Map<string, { fingerprint: string; model: Promise<HostedModel> }>();

  /** @throws MODEL_NOT_INSTALLED, MODEL_INVALID; the latter too if the model has no such precision */
  async get(modelsPath: string, name: string, precision: Precision): Promise<HostedModel> {
    const folder = await openModelFolder(modelsPath, name);
    if (!folder.precisions.includes(precision)) {
      throw new EmbedhouseError(
        'MODEL_INVALID',
        `model '${name}' has no ${precision} variant, only ${folder.precisions.join(', ')}: name one of these with --precision in the function's <command>`,
      );
    }
    const key = JSON.stringify([modelsPath, name]);
    const fingerprint = await fingerprintOf(folder);
    const known = this.#models.get(key);
    if (known?.fingerprint === fingerprint) {
      return known.model;
    }
    const model = loadTokenizer(folder).then((tokenizer) => ({ folder, tokenizer, fingerprint }));
    this.#models.set(key, { fingerprint, model });
    model.catch(() => this.#models.delete(key));
    return model;
  }
}

async function fingerprintOf(folder: ModelFolder): Promise<string> {
  const stats = await Promise.all(
    ['config.json', 'tokenizer.json', 'onnx'].map(async (file) => stat(`${folder.path}/${file}`)),
  );
  return stats.map(({ mtimeMs, size, ino }) => `${ino}:${size}:${mtimeMs}`).join(' ');
}
