import { link, lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';

export interface CreateOptions {
  /** Flag that names the file's folder, for the message when it cannot be written. */
  flag: '--functions' | '--user-scripts';
  /** Whether everybody who may read the file may execute it. */
  isExecutable?: boolean;
}

/**
 * Writes the file `NAME_function.xml`, and answers its path.
 *
 * @throws FILE_UNUSABLE when there is such a file, or it cannot be written.
 */
export async function createFunctionFile(functionsPath: string, name: string, content: string): Promise<string> {
  return createFile(join(functionsPath, `${name}_function.xml`), content, { flag: '--functions' });
}

/**
 * Writes a new file, which is there when it is whole and not before, and answers its path. The folder is made if it is
 * missing.
 *
 * @throws FILE_UNUSABLE when there is such a file, or it cannot be written.
 */
export async function createFile(
  file: string,
  content: string,
  { flag, isExecutable = false }: CreateOptions,
): Promise<string> {
  // ClickHouse reads what ends with _function.xml.
  const partial = `${file}.partial-${process.pid}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    // Also a link that leads nowhere.
    if ((await lstat(file).catch(() => undefined)) !== undefined) throw existsAlready(file);
    await writeFile(partial, content, { mode: isExecutable ? 0o777 : 0o666 });
    await moveWithoutReplacing(partial, file);
    return file;
  } catch (cause) {
    if (cause instanceof EmbedhouseError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmbedhouseError(
      'FILE_UNUSABLE',
      `${file} cannot be written (${reason}); make the folder writable, or name another with ${flag}`,
      { cause },
    );
  } finally {
    await rm(partial, { force: true }).catch(() => {});
  }
}

async function moveWithoutReplacing(from: string, to: string): Promise<void> {
  try {
    // Not rename, which would replace what another process has written meanwhile.
    await link(from, to);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw existsAlready(to);
    // Some file systems have no links.
    await rename(from, to);
  }
}

function existsAlready(file: string): EmbedhouseError {
  return new EmbedhouseError('FILE_UNUSABLE', `${file} exists already; choose another name, or move the file away`);
}
