import prettyBytes from 'pretty-bytes';

import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { quoteString } from '../../engine/quote-string.ts';
import { fullBytes, makeRoom, readFreeSpace } from '../free-space.ts';
import { isOfTable } from '../table-name.ts';
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
  const [column] = await engine.rows<{ type: string }>(
    `SELECT type FROM system.columns WHERE ${isOfTable(table)} AND name = ${quoteString(vectorColumns[0])}`,
    { signal },
  );
  const valueBytes = column?.type === 'Array(BFloat16)' ? 2 : 4;
  const needed = part.rows * part.dimensions * vectorColumns.length * valueBytes + part.metadataBytes + fullBytes;
  if (free >= needed) return;
  throw new EmbedhouseError(
    'FILE_UNUSABLE',
    `it takes about ${prettyBytes(needed)}, and the table's disk has ${prettyBytes(free)} free: ${makeRoom}`,
  );
}
