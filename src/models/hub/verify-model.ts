import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { PullRecord } from './pull-record.ts';
import { readContent } from './read-content.ts';

/** A file that is not as it was when it was pulled. */
export interface ChangedFile {
  readonly path: string;
  readonly expected: FileState;
  /** Undefined when the file is missing. */
  readonly found: FileState | undefined;
}

export interface FileState {
  readonly bytes: number;
  /** Hexadecimal; empty for a file that has another size, which is not read. */
  readonly sha256: string;
}

export interface VerifyOptions {
  readonly signal: AbortSignal;
  /** Told the file that is read and how many bytes of it more. */
  readonly onBytes?: (path: string, bytes: number) => void;
}

/**
 * Reads the files of a pulled model again, and answers those that are missing or changed since. Files that the record does
 * not name, such as int8-row's, are not looked at.
 *
 * @throws the signal's reason when that stops it.
 */
export async function verifyModel(
  folderPath: string,
  record: PullRecord,
  { signal, onBytes }: VerifyOptions,
): Promise<ChangedFile[]> {
  const changed: ChangedFile[] = [];
  for (const [path, expected] of Object.entries(record.files)) {
    signal.throwIfAborted();
    const found = await readState(join(folderPath, path), expected.bytes, {
      signal,
      onBytes: (bytes) => onBytes?.(path, bytes),
    });
    if (found?.sha256 !== expected.sha256) {
      changed.push({ path, expected, found });
    }
  }
  return changed;
}

async function readState(
  path: string,
  expectedBytes: number,
  options: { signal: AbortSignal; onBytes: (bytes: number) => void },
): Promise<FileState | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    return undefined;
  }
  if (found.size !== expectedBytes) {
    return { bytes: found.size, sha256: '' };
  }
  const { sizeBytes, sha256 } = await readContent(path, options);
  return { bytes: sizeBytes, sha256 };
}
