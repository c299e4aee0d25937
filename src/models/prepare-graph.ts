import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { alignWeights } from './align-weights.ts';
import { checkSameVectors } from './check-same-vectors.ts';
import {
  preparedDataFile,
  preparedGraphFile,
  manifestFile,
  manifestSchema,
  type TowerFile,
} from './find-prepared-graph.ts';
import { flush } from './flush.ts';
import { towerPath as pathOfTower } from './model-folder.ts';
import { saveOptimizedGraph } from './onnx-session.ts';
import { isRunning } from './process-identity.ts';
import { rewriteGraph } from './rewrite-graph.ts';

/** What was not used for so long is removed when something is prepared. */
const maxUnusedMs = 30 * 24 * 60 * 60 * 1000;

/**
 * Prepares a tower's graph in `folder`, which is there when it is whole and checked, and not before; removes what was
 * prepared of the same file in another state, and what was not used for a month. It takes the memory of the weights three
 * times over.
 *
 * @throws MODEL_INVALID when onnxruntime cannot load the graph, or the prepared one gives other vectors
 * @throws FILE_UNUSABLE when the disk is full, or the folder cannot be written
 */
export async function prepareGraph({ model, tower, dtype }: TowerFile, folder: string): Promise<void> {
  const towerPath = pathOfTower(model, tower, dtype);
  const partial = `${folder}.partial-${process.pid}`;
  try {
    await mkdir(partial, { recursive: true, mode: 0o700 });
    await removeAbandoned(dirname(folder));
    const rewritten = await rewriteGraph(model, tower, dtype, join(partial, 'rewritten.onnx'));
    await saveOptimizedGraph(rewritten, join(partial, preparedGraphFile), preparedDataFile);
    await alignWeights(join(partial, preparedGraphFile), preparedDataFile);
    await rm(join(partial, 'rewritten.onnx'), { force: true });
    await rm(join(partial, 'rewritten.onnx_data'), { force: true });
    // A full disk is not told while it is written, but what is short of weights does not load.
    await checkSameVectors(model, tower, dtype, join(partial, preparedGraphFile));
    const bytes: Record<string, number> = {};
    for (const file of [preparedGraphFile, preparedDataFile]) {
      // A power failure must not leave a file of the right size and the wrong weights.
      await flush(join(partial, file), 'r+');
      bytes[file] = (await stat(join(partial, file))).size;
    }
    await writeFile(join(partial, manifestFile), JSON.stringify({ source: `${tower} ${towerPath}`, bytes }));
    await flush(join(partial, manifestFile), 'r+');
    // One that is not whole may stand in the way.
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
    await removeUnused(dirname(folder), folder, `${tower} ${towerPath}`);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
    if (cause instanceof EmbedhouseError) {
      throw cause;
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmbedhouseError('FILE_UNUSABLE', `a prepared copy of ${towerPath} cannot be written (${reason})`, {
      cause,
    });
  }
}

async function removeUnused(cachePath: string, newest: string, source: string): Promise<void> {
  for (const name of await readdir(cachePath)) {
    const folder = join(cachePath, name);
    if (folder !== newest && (await isUnused(folder, source))) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** A process that was killed, or crashed in onnxruntime, leaves half a gigabyte behind. */
async function removeAbandoned(cachePath: string): Promise<void> {
  for (const name of await readdir(cachePath)) {
    const pid = /\.partial-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning({ pid: Number(pid), startedAt: 0 })) {
      await rm(join(cachePath, name), { recursive: true, force: true });
    }
  }
}

async function isUnused(folder: string, source: string): Promise<boolean> {
  try {
    if (Date.now() - (await stat(folder)).mtimeMs > maxUnusedMs) {
      return true;
    }
    return manifestSchema.parse(JSON.parse(await readFile(join(folder, manifestFile), 'utf8'))).source === source;
  } catch {
    // Another process is writing it.
    return false;
  }
}
