import { open } from 'node:fs/promises';

/** Makes what was written to a file, or to the list of files of a folder, outlast a power failure. */
export async function flush(path: string, flags: 'r' | 'r+' = 'r'): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
