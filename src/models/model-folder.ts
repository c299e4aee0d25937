import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { readClipConfig } from './clip-config.ts';
import type { ImageSpec } from './image-spec.ts';
import { type Dtype, dtypes, towerFile } from './dtype.ts';

export type { ImageSpec } from './image-spec.ts';

/** An installed model: a folder laid out as the hub publishes models for transformers.js. */
export interface ModelFolder {
  /** The folder's own name, by which users call the model. */
  readonly name: string;
  readonly path: string;
  readonly kind: 'clip';
  /** Length of a vector. */
  readonly dimensions: number;
  /** The most token ids a text may have, first and last one included. */
  readonly maxTokens: number;
  readonly image: ImageSpec;
  /** What both towers exist in; never empty. */
  readonly dtypes: readonly Dtype[];
  /** Size of all files in the folder. */
  readonly sizeBytes: number;
  /** Where the model came from as its `config.json` says, else `local folder`. */
  readonly source: string;
}

/** A folder among the models that cannot be used, and why (one sentence). */
export interface BrokenModelFolder {
  readonly name: string;
  readonly path: string;
  readonly problem: string;
}

/** What a model's folder may be called. */
export const namePattern = /^[A-Za-z0-9][\w.-]*$/;

/**
 * Opens the model called `name` in the folder of models.
 *
 * @throws MODEL_NOT_INSTALLED when there is no such folder, or the name is not a plain folder name.
 * @throws MODEL_INVALID when the folder lacks a file or a file is wrong; file and field are named.
 */
export async function openModelFolder(modelsPath: string, name: string): Promise<ModelFolder> {
  if (!namePattern.test(name)) {
    throw new EmbedhouseError(
      'MODEL_NOT_INSTALLED',
      `'${name}' is not a model name, which is that of a folder in ${modelsPath}: letters, digits, '.', '_' and '-'; see the installed ones with 'embedhouse models list'`,
    );
  }
  const path = join(modelsPath, name);
  if (!(await isFolder(path))) {
    throw new EmbedhouseError(
      'MODEL_NOT_INSTALLED',
      `model '${name}' is not installed in ${modelsPath}: copy its folder as the hub publishes it (for clip-vit-base-patch32 Xenova/clip-vit-base-patch32: config.json, preprocessor_config.json, tokenizer.json, tokenizer_config.json, onnx/text_model.onnx, onnx/vision_model.onnx) to ${path}, or name an installed model, such as the bundled one with --model emoji-clip`,
    );
  }
  const { source, ...config } = await readClipConfig(path);
  const { sizeBytes, files } = await listFiles(path);
  if (!files.has('tokenizer.json')) throw missing(path, 'tokenizer.json');
  const available = dtypes.filter(
    (dtype) => files.has(towerFile('text', dtype)) && files.has(towerFile('vision', dtype)),
  );
  if (available.length === 0) {
    throw missing(path, `pair of ${towerFile('text', 'fp32')} and ${towerFile('vision', 'fp32')}`);
  }
  return { name, path, kind: 'clip', ...config, dtypes: available, sizeBytes, source: source ?? 'local folder' };
}

/**
 * Lists what is in the folder of models, by name; a folder that cannot be used is listed with its problem. A missing
 * folder of models is an empty one.
 */
export async function listModelFolders(modelsPath: string): Promise<(ModelFolder | BrokenModelFolder)[]> {
  const names = await readdir(modelsPath).catch((): string[] => []);
  const found: (ModelFolder | BrokenModelFolder)[] = [];
  for (const name of names.toSorted()) {
    const path = join(modelsPath, name);
    if (name.startsWith('.') || !(await isFolder(path))) continue;
    try {
      found.push(await openModelFolder(modelsPath, name));
    } catch (error) {
      if (!(error instanceof EmbedhouseError)) throw error;
      found.push({ name, path, problem: error.message });
    }
  }
  return found;
}

/**
 * Gives the path of one tower's file in the wanted dtype.
 *
 * @throws MODEL_INVALID when the model does not come in that dtype.
 */
export function towerPath(folder: ModelFolder, tower: 'text' | 'vision', dtype: Dtype): string {
  if (folder.dtypes.includes(dtype)) return join(folder.path, towerFile(tower, dtype));
  throw new EmbedhouseError(
    'MODEL_INVALID',
    `model '${folder.name}' has no ${dtype} files in ${folder.path}/onnx, only ${folder.dtypes.join(', ')}; choose one of these with --dtype in the function's <command>, or copy ${towerFile('text', dtype)} and ${towerFile('vision', dtype)} there`,
  );
}

function missing(path: string, what: string): EmbedhouseError {
  return new EmbedhouseError(
    'MODEL_INVALID',
    `the model folder ${path} has no ${what}; copy it there from where the model came from`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

async function listFiles(path: string): Promise<{ files: Set<string>; sizeBytes: number }> {
  const files = new Set<string>();
  let sizeBytes = 0;
  for (const file of await readdir(path, { recursive: true })) {
    // stat, not lstat: the hub's own download cache is made of links.
    const found = await stat(join(path, file)).catch(() => undefined);
    if (!found?.isFile()) continue;
    files.add(file);
    sizeBytes += found.size;
  }
  return { files, sizeBytes };
}
