import prettyBytes from 'pretty-bytes';

import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { fullBytes, makeRoom, readFreeSpace } from '../free-space.ts';
import { vectorColumns } from './laion-columns.ts';
import type { CheckedPart } from './laion-part.ts';
import type { LaionTable } from './laion-table.ts';

/**
 * Checks that the table's disk has room for a part: its vectors, uncompressed, and its metadata, about as the files have
 * them.
 *
 * @throws EmbedhouseError `FILE_UNUSABLE`
 */
export async function requireSpace(
  engine: Engine,
  table: LaionTable,
  part: CheckedPart,
  signal: AbortSignal,
): Promise<void> {
  const free = await readFreeSpace(engine, table.storagePolicy, signal);
  const vectorBytes = part.rows * part.dimensions * vectorColumns.length * table.valueBytes;
  const needed = vectorBytes + part.metadataBytes + fullBytes;
  if (free >= needed) return;
  throw new EmbedhouseError(
    'FILE_UNUSABLE',
    `it takes about ${prettyBytes(needed)}, and the table's disk has ${prettyBytes(free)} free: ${makeRoom}`,
  );
}
