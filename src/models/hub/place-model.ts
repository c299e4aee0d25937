import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { flush } from '../flush.ts';
import type { Place } from './inspect-place.ts';
import { pullRecordFile, type PullRecord } from './pull-record.ts';
import type { StagingFolder } from './staging-folder.ts';
import { unwritable } from './unwritable.ts';

/**
 * Moves a gathered model to its place, all at once, with its record.
 *
 * @throws FILE_UNUSABLE when that fails, or something has come to the place meanwhile.
 */
export async function placeModel(staging: StagingFolder, place: Place, record: PullRecord): Promise<void> {
  try {
    // An earlier pull, for another dtype, may have left whole files.
    await removeOthers(staging.modelPath, new Set(Object.keys(record.files)));
    await writeRecord(staging.modelPath, record);
    await flushFolders(staging.modelPath, Object.keys(record.files));
    await rename(staging.modelPath, place.path);
    await flush(dirname(place.path));
  } catch (cause) {
    throw unwritable(place.path, cause);
  }
}

/**
 * Moves gathered files into a model that is there, one after the other, and renews its record at the end.
 *
 * @throws FILE_UNUSABLE when that fails; the model is then as it was, or has files that its record does not name yet.
 */
export async function addToModel(
  staging: StagingFolder,
  place: Place,
  { record, gathered }: { record: PullRecord; gathered: readonly string[] },
): Promise<void> {
  try {
    for (const file of gathered) {
      await mkdir(dirname(join(place.path, file)), { recursive: true });
      await rename(join(staging.modelPath, file), join(place.path, file));
    }
    await writeRecord(staging.modelPath, record);
    await flushFolders(place.path, gathered);
    await rename(join(staging.modelPath, pullRecordFile), join(place.path, pullRecordFile));
    await flush(place.path);
  } catch (cause) {
    throw unwritable(place.path, cause);
  }
}

async function writeRecord(folder: string, record: PullRecord): Promise<void> {
  const path = join(folder, pullRecordFile);
  await writeFile(path, `${JSON.stringify(record, undefined, 2)}\n`);
  await flush(path, 'r+');
}

async function removeOthers(folder: string, files: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !files.has(path.slice(folder.length + 1))) {
      await rm(path);
    }
  }
}

async function flushFolders(folder: string, files: readonly string[]): Promise<void> {
  for (const path of new Set([folder, ...files.map((file) => dirname(join(folder, file)))])) {
    await flush(path);
  }
}
