import { existsSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import { cachePath, repositoryPath } from '../repository-path.ts';

/** A folder with one part shaped like LAION-400M's. */
export interface LaionFolder {
  readonly path: string;
  readonly rows: number;
  /** Of its three files. */
  readonly bytes: number;
  readonly files: readonly string[];
}

/** Writes a part of so many rows, once: it is kept. */
export async function writeLaionPart(rows: number, signal: AbortSignal): Promise<LaionFolder> {
  const path = join(cachePath, `laion-${rows}`);
  if (!existsSync(path)) {
    const unfinished = `${path}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    const script = join(repositoryPath, 'scripts/write-laion-parts.mjs');
    await execa(process.execPath, [script, unfinished, '--rows', String(rows)], { cancelSignal: signal });
    await rename(unfinished, path);
  }
  const files = (await readdir(path)).map((name) => join(path, name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return { path, rows, files, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
