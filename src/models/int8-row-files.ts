import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { towerFile } from './dtype.ts';
import { listGraphFiles } from './graph-files.ts';
import { digestFile } from './model-digest.ts';
import { type ModelFolder, towerPath } from './model-folder.ts';

/** Where the report on the variant is, relative to the model folder. */
export const int8RowReportFile = 'onnx/int8_row.json';

const towers = ['text', 'vision'] as const;
const stagingPrefix = '.int8_row-';
const staleAfterMs = 24 * 60 * 60 * 1000;

/** Names the graph of one tower of the int8-row variant, in the folder `onnx`. */
function int8RowFile(tower: 'text' | 'vision'): string {
  return basename(towerFile(tower, 'int8-row'));
}

/** Names the file with the weights of one tower of the int8-row variant, in the folder `onnx`. */
export function int8RowDataFile(tower: 'text' | 'vision'): string {
  return `${int8RowFile(tower)}_data`;
}

/**
 * Makes a folder inside a model's, laid out as a model folder, for a variant that is not ready. What a process that
 * was killed left there a day ago is removed.
 *
 * @throws FILE_UNUSABLE when the model folder cannot be written.
 */
export async function createStaging(modelPath: string): Promise<string> {
  const parent = join(modelPath, 'onnx');
  try {
    for (const name of await readdir(parent)) {
      if (!name.startsWith(stagingPrefix)) continue;
      const left = join(parent, name);
      const found = await stat(left).catch(() => undefined);
      if (found !== undefined && Date.now() - found.mtimeMs > staleAfterMs) {
        await rm(left, { recursive: true, force: true });
      }
    }
    const staging = await mkdtemp(join(parent, stagingPrefix));
    await mkdir(join(staging, 'onnx'));
    return staging;
  } catch (cause) {
    throw unwritable(parent, cause);
  }
}

/**
 * Moves the finished variant, whose graphs have the names of the fp32 ones in the staging folder, to its place in the
 * model folder, and writes the report there.
 *
 * @throws FILE_UNUSABLE when the model folder cannot be written.
 */
export async function moveIntoPlace(modelPath: string, staging: string, report: object): Promise<void> {
  const to = join(modelPath, 'onnx');
  try {
    await writeFile(join(staging, int8RowReportFile), `${JSON.stringify(report, undefined, 2)}\n`);
    // In this order no graph ever stands beside the weights of another, and no report beside graphs it is not about.
    await rm(join(modelPath, int8RowReportFile), { force: true });
    for (const tower of towers) {
      await rm(join(to, int8RowFile(tower)), { force: true });
      await rename(join(staging, 'onnx', int8RowDataFile(tower)), join(to, int8RowDataFile(tower)));
      await rename(join(staging, towerFile(tower, 'fp32')), join(to, int8RowFile(tower)));
    }
    await rename(join(staging, int8RowReportFile), join(modelPath, int8RowReportFile));
  } catch (cause) {
    throw unwritable(to, cause);
  }
}

/**
 * Gives the SHA-256, in hexadecimal, of a model's fp32 files and the weights beside them, by their names relative to the
 * model folder.
 */
export async function hashFp32Files(folder: ModelFolder, signal: AbortSignal): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const tower of towers) {
    for (const path of await listGraphFiles(towerPath(folder, tower, 'fp32'))) {
      hashes[relative(folder.path, path)] = (await digestFile(path, signal)).toString('hex');
    }
  }
  return hashes;
}

function unwritable(path: string, cause: unknown): EmbedhouseError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EmbedhouseError(
    'FILE_UNUSABLE',
    `${path} cannot be written (${reason}); make the folder writable and free space there, and try again`,
    { cause },
  );
}
