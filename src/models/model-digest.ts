import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { towerPath, type ModelFolder } from './model-folder.ts';
import type { Dtype } from './dtype.ts';

/** The files beside the towers that decide a model's vectors. */
export const modelSettings = ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'];

/**
 * Digests all that decides a model's vectors in one dtype: its settings, its tokenizer and both towers' graphs with
 * their weights. Two folders of the same digest give the same vectors. Answers the SHA-256 of the files' own SHA-256s, in
 * hexadecimal.
 */
export async function digestModel(folder: ModelFolder, dtype: Dtype): Promise<string> {
  const towers = (['text', 'vision'] as const).map((tower) => towerPath(folder, tower, dtype));
  const files = [
    ...modelSettings.map((file) => join(folder.path, file)),
    // Weights apart from the graph, as exports name their file.
    ...towers.flatMap((tower) => [tower, `${tower}_data`, `${tower}.data`]),
  ];
  const digest = createHash('sha256');
  for (const file of files.filter((path) => existsSync(path))) {
    digest.update(await digestFile(file));
  }
  return digest.digest('hex');
}

/** Gives a file's SHA-256. @throws the signal's reason when that stops it */
export async function digestFile(path: string, signal?: AbortSignal): Promise<Buffer> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { ...(signal && { signal }) });
  return hash.digest();
}
