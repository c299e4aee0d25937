import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { listGraphFiles } from './graph-files.ts';
import { towerPath, towersOf, type ModelFolder } from './model-folder.ts';
import type { Dtype } from './dtype.ts';

/**
 * Digests all that decides a model's vectors in one dtype: its settings, its tokenizer and its towers' graphs with their
 * weights. Two folders of the same digest give the same vectors. Answers the SHA-256 of the files' own SHA-256s, in
 * hexadecimal.
 */
export async function digestModel(folder: ModelFolder, dtype: Dtype): Promise<string> {
  const digest = createHash('sha256');
  for (const file of folder.settings) {
    digest.update(await digestFile(join(folder.path, file)));
  }
  // Both may be in one file.
  for (const graph of new Set(towersOf(folder).map((tower) => towerPath(folder, tower, dtype)))) {
    for (const file of await listGraphFiles(graph)) {
      digest.update(await digestFile(file));
    }
  }
  return digest.digest('hex');
}

/** Writes a model's name, dtype and digest in one line, to be kept beside its vectors. */
export function modelId(name: string, dtype: string, digest: string): string {
  return `${name} ${dtype} sha256:${digest}`;
}

/** Gives a file's SHA-256. @throws the signal's reason when that stops it */
export async function digestFile(path: string, signal?: AbortSignal): Promise<Buffer> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { ...(signal && { signal }) });
  return hash.digest();
}
