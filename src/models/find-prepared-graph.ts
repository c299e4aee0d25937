import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, stat, utimes } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, cpus } from 'node:os';
import { basename, join } from 'node:path';

import { z } from 'zod';

import type { Dtype } from './dtype.ts';
import { listGraphFiles } from './graph-files.ts';
import { towerPath as pathOfTower, type ModelFolder, type Tower } from './model-folder.ts';

/** Raise it when prepared graphs of before must not be used any more. */
const preparationVersion = 2;
export const preparedGraphFile = 'graph.onnx';
export const preparedDataFile = 'graph.onnx.data';
export const manifestFile = 'prepared.json';

/** What says that a prepared graph is whole: which file it was made from, and its files with their sizes. */
export const manifestSchema = z.object({ source: z.string(), bytes: z.record(z.string(), z.number()) });

/** One tower of a model in one dtype. */
export interface TowerFile {
  readonly model: ModelFolder;
  readonly tower: Tower;
  readonly dtype: Dtype;
}

/**
 * Names the folder in which a tower's graph is kept as this machine runs it best: as it is in memory, its weights packed
 * for this processor by this version of onnxruntime. Sessions map such weights instead of copying them, so that all of
 * them share one copy, and load in a third of the time.
 */
export async function preparedGraphFolder(cachePath: string, { model, tower, dtype }: TowerFile): Promise<string> {
  const towerPath = pathOfTower(model, tower, dtype);
  const files = await listGraphFiles(towerPath);
  const states = await Promise.all(
    files.map(async (file) => {
      const { ino, size, mtimeMs } = await stat(file);
      return `${file} ${ino} ${size} ${mtimeMs}`;
    }),
  );
  const hash = createHash('sha256')
    .update([preparationVersion, machine(), tower, ...states].join('\n'))
    .digest('hex');
  return join(cachePath, `${basename(towerPath, '.onnx')}-${hash.slice(0, 16)}`);
}

/**
 * Answers the path of the graph prepared in `folder`, or undefined where there is none, or not a whole one, and keeps it
 * for another month.
 */
export async function findPreparedGraph(folder: string): Promise<string | undefined> {
  const found = await lookUpPreparedGraph(folder);
  if (found !== undefined) {
    // Says that it is used; where that cannot be said, it is used all the same.
    await utimes(folder, new Date(), new Date()).catch(() => {});
  }
  return found;
}

/** Answers like `findPreparedGraph`, for those who do not use the graph. */
export async function lookUpPreparedGraph(folder: string): Promise<string | undefined> {
  try {
    const { bytes } = manifestSchema.parse(JSON.parse(await readFile(join(folder, manifestFile), 'utf8')));
    for (const [file, size] of Object.entries(bytes)) {
      if ((await stat(join(folder, file))).size !== size) {
        return undefined;
      }
    }
    return join(folder, preparedGraphFile);
  } catch {
    return undefined;
  }
}

/** Packed weights fit one version of onnxruntime on one kind of processor. */
function machine(): string {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return [version, arch(), cpus()[0]?.model, processorFlags()].join('\n');
}

/** A virtual machine may hide what its processor's name promises. */
function processorFlags(): string {
  try {
    return /^(flags|Features)\s*:.*$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[0] ?? '';
  } catch {
    return ''; // Not Linux.
  }
}
