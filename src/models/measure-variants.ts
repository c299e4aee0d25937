import { stat } from 'node:fs/promises';
import { relative } from 'node:path';

import type { Dtype } from './dtype.ts';
import { countGraphBytes, listGraphFiles } from './graph-files.ts';
import { type ModelFolder, type Tower, towerPath, towersOf } from './model-folder.ts';
import { lookUpPreparedGraph, preparedGraphFolder } from './find-prepared-graph.ts';

/** What one variant of a model takes, on disk and in memory. */
export interface MeasuredVariant {
  readonly dtype: Dtype;
  /** Its graphs and the files of their weights, relative to the model folder, with their sizes. */
  readonly files: readonly { readonly file: string; readonly bytes: number }[];
  readonly towers: readonly MeasuredTower[];
}

export interface MeasuredTower {
  readonly tower: Tower;
  /** About what its weights take in memory: the size of the prepared graph, else that of its files. */
  readonly memoryBytes: number;
  /** Whether this machine has a graph prepared for it. */
  readonly isPrepared: boolean;
}

/** Measures each variant of a model; `graphsPath` is where this machine keeps prepared graphs. */
export async function measureVariants(folder: ModelFolder, graphsPath: string): Promise<MeasuredVariant[]> {
  return Promise.all(
    folder.dtypes.map(async (dtype) => ({
      dtype,
      files: await measureFiles(folder, dtype),
      towers: await Promise.all(towersOf(folder).map(async (tower) => measureTower(folder, tower, dtype, graphsPath))),
    })),
  );
}

async function measureFiles(folder: ModelFolder, dtype: Dtype): Promise<MeasuredVariant['files']> {
  // Both towers may be in one file.
  const graphs = [...new Set(towersOf(folder).map((tower) => towerPath(folder, tower, dtype)))];
  const files = (await Promise.all(graphs.map(listGraphFiles))).flat();
  return Promise.all(
    files.map(async (path) => ({ file: relative(folder.path, path), bytes: (await stat(path)).size })),
  );
}

async function measureTower(
  model: ModelFolder,
  tower: Tower,
  dtype: Dtype,
  graphsPath: string,
): Promise<MeasuredTower> {
  const prepared = await lookUpPreparedGraph(await preparedGraphFolder(graphsPath, { model, tower, dtype }));
  const memoryBytes = await countGraphBytes(prepared ?? towerPath(model, tower, dtype));
  return { tower, memoryBytes, isPrepared: prepared !== undefined };
}
