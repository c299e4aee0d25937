import prettyBytes from 'pretty-bytes';

import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { quoteString } from '../../engine/quote-string.ts';
import { isOfTable } from '../table-name.ts';
import { vectorColumns } from './laion-columns.ts';
import type { CheckedPart } from './laion-part.ts';
import type { LaionTable } from './laion-table.ts';

/** On a disk with less than this, what seems to be written may not be there. */
const fullBytes = 16 * 1024 * 1024;

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
  const free = await readFreeSpace(engine, table, signal);
  const [column] = await engine.rows<{ type: string }>(
    `SELECT type FROM system.columns WHERE ${isOfTable(table)} AND name = ${quoteString(vectorColumns[0])}`,
    { signal },
  );
  const valueBytes = column?.type === 'Array(BFloat16)' ? 2 : 4;
  const needed = part.rows * part.dimensions * vectorColumns.length * valueBytes + part.metadataBytes + fullBytes;
  if (free >= needed) return;
  throw new EmbedhouseError(
    'FILE_UNUSABLE',
    `it takes about ${prettyBytes(needed)}, and the table's disk has ${prettyBytes(free)} free: make room, or use another folder with --data`,
  );
}

/**
 * Checks that the table's disk is not full after rows were written: the embedded ClickHouse (26.7) says nothing when it
 * cannot write all of a file.
 *
 * @throws EmbedhouseError `FILE_UNUSABLE`
 */
export async function requireNotFull(engine: Engine, table: LaionTable, signal: AbortSignal): Promise<void> {
  const free = await readFreeSpace(engine, table, signal);
  if (free >= fullBytes) return;
  const message = `the table's disk is full (${prettyBytes(free)} are free): make room, or use another folder with --data`;
  throw new EmbedhouseError('FILE_UNUSABLE', message);
}

/** Infinity where it is not known: a user of a server may not be shown its disks. */
async function readFreeSpace(engine: Engine, table: LaionTable, signal: AbortSignal): Promise<number> {
  const [disks] = await engine.rows<{ known: number; free: number }>(
    `SELECT count() AS known, max(unreserved_space) AS free FROM system.disks
    WHERE total_space > 0 AND has((SELECT arrayFlatten(groupArray(disks)) FROM system.storage_policies
        WHERE policy_name = ${quoteString(table.storagePolicy)}), name)`,
    { signal },
  );
  return disks === undefined || disks.known === 0 ? Infinity : disks.free;
}
