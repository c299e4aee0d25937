import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';

/** Checks, before the long work, that a file can be written or made. @throws EmbedhouseError `FILE_UNUSABLE` */
export async function prepareFile(path: string): Promise<void> {
  try {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) {
      throw new Error('it is a folder');
    }
    await access(found === undefined ? dirname(path) : path, constants.W_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Writes a file. @throws EmbedhouseError `FILE_UNUSABLE` */
export async function writeResultFile(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): EmbedhouseError {
  const reason = error instanceof Error ? error.message : String(error);
  return new EmbedhouseError('FILE_UNUSABLE', `cannot write '${path}': ${reason}`, { cause: error });
}
