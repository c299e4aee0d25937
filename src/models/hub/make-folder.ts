import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { unwritable } from './unwritable.ts';

/**
 * Makes a folder, and those above it, unless it is there.
 *
 * @throws FILE_UNUSABLE when it cannot be made.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeFolders(path);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** Not mkdir's `recursive`: where a file system says ENOENT though the parent is there (/proc), Node 20 tries for ever. */
async function makeFolders(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) {
    return;
  }
  if (path !== dirname(path)) {
    await makeFolders(dirname(path));
  }
  await mkdir(path).catch(async (cause: unknown) => {
    // Another process may have been faster.
    if (!(await stat(path).catch(() => undefined))?.isDirectory()) {
      throw cause;
    }
  });
}
