import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';

import type { Dtype } from '../models/dtype.ts';
import { digestModel } from '../models/model-digest.ts';
import { openModelFolder, towerPath, towersOf, type ModelFolder, type Tower } from '../models/model-folder.ts';
import { loadTokenizer, type Tokenizer } from '../models/tokenizer.ts';

/** A model as the host knows it: its folder and tokenizer. Its towers are in the encoder processes. */
export interface HostedModel {
  folder: ModelFolder;
  /** Undefined where the model embeds no texts. */
  tokenizer: Tokenizer | undefined;
  /** Tells two states of a folder apart, so that a cached vector is never of a model that was replaced. */
  fingerprint: string;
  /** The digest of what decides its vectors in a dtype; computed once. */
  digest: (dtype: Dtype) => Promise<string>;
}

/** Opens each model folder once, and again when its files have changed on disk. */
export class ModelRegistry {
  readonly #models = new Map<string, Promise<HostedModel>>();

  /** @throws MODEL_NOT_INSTALLED, MODEL_INVALID; the latter too if the model has no such dtype */
  async get(modelsPath: string, name: string, dtype: Dtype): Promise<HostedModel> {
    const model = await this.#open(modelsPath, name);
    // Refuses a dtype that the model lacks here, before a run is queued for it.
    for (const tower of towersOf(model.folder)) {
      towerPath(model.folder, tower, dtype);
    }
    return model;
  }

  async #open(modelsPath: string, name: string): Promise<HostedModel> {
    const key = JSON.stringify([modelsPath, name]);
    // One that could not be opened may be whole by now.
    const known = await this.#models.get(key)?.catch(() => undefined);
    if (known !== undefined && fingerprintOf(known.folder) === known.fingerprint) {
      return known;
    }
    const model = openModel(modelsPath, name);
    this.#models.set(key, model);
    return model;
  }
}

async function openModel(modelsPath: string, name: string): Promise<HostedModel> {
  // Before anything of it is read that is kept: a change meanwhile is one more reason to read it again.
  const fingerprint = fingerprintOf(await openModelFolder(modelsPath, name));
  const folder = await openModelFolder(modelsPath, name);
  const digests = new Map<Dtype, Promise<string>>();
  const digest = async (dtype: Dtype): Promise<string> => {
    let known = digests.get(dtype);
    if (known === undefined) {
      known = digestModel(folder, dtype);
      digests.set(dtype, known);
      known.catch(() => digests.delete(dtype));
    }
    return known;
  };
  const tokenizer = folder.text && (await loadTokenizer(folder));
  return { folder, tokenizer, fingerprint, digest };
}

/** Tells towers apart: those of other models, of other states of one, of other dtypes. */
export function towerKeyOf(fingerprint: string, dtype: Dtype, tower: Tower): string {
  return `${fingerprint}\0${dtype}\0${tower}`;
}

/**
 * Tells two states of a model's files apart. Asked for with every block: waiting for the system's answers in another thread
 * would take ten times as long.
 */
export function fingerprintOf({ path, settings, graphFiles }: ModelFolder): string {
  // The folders themselves: a file may have been added.
  const states = ['.', ...settings, 'onnx', ...graphFiles].map((file) => stateOf(join(path, file)));
  // Short, since it is part of every key of the cache.
  return createHash('sha256').update(states.join(' ')).digest('base64url');
}

function stateOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino}:${size}:${mtimeMs}`;
  } catch {
    return 'missing';
  }
}
