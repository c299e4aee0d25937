import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { InsertOptions } from './engine.ts';
import { Source } from './source.ts';
import { throwIfCancelled } from './throw-if-cancelled.ts';

export interface InsertDataOptions extends InsertOptions {
  into: string;
  /** Where the data lies until it is whole. */
  folder: string;
  run: (sql: string) => Promise<void>;
}

/**
 * Gathers the data in a file, which ClickHouse then reads: chdb takes none from a stream.
 *
 * @throws EmbedhouseError `FILE_UNUSABLE` when the file cannot be written; otherwise as `Engine.insert`
 */
export async function insertData({ into, format, data, signal, folder, run }: InsertDataOptions): Promise<void> {
  const path = join(folder, `insert-${randomUUID()}`);
  try {
    const source = new Source(data);
    await pipeline(source.stream, createWriteStream(path), { ...(signal && { signal }) }).catch((error: unknown) => {
      if (signal !== undefined) throwIfCancelled(signal);
      if (source.failure !== undefined) throw source.failure;
      const message = `the data to insert could not be kept in ${folder} (${String(error)}); set TMPDIR to a folder with room`;
      throw new EmbedhouseError('FILE_UNUSABLE', message, { cause: error });
    });
    await run(`INSERT INTO ${into} FROM INFILE '${path}' COMPRESSION 'none' FORMAT ${format}`);
  } finally {
    await rm(path, { force: true });
  }
}
