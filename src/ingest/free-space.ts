import prettyBytes from 'pretty-bytes';

import type { Engine } from '../engine/engine.ts';
import { quoteString } from '../engine/quote-string.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';

/** On a disk with less than this, what seems to be written may not be there. */
export const fullBytes = 16 * 1024 * 1024;

/** What a user can do about a disk without room. */
export const makeRoom = 'make room, or use another folder with --data';

/**
 * Reads how many bytes are free where tables of a storage policy are; Infinity where it is not known: a user of a server may
 * not be shown its disks.
 */
export async function readFreeSpace(engine: Engine, storagePolicy: string, signal?: AbortSignal): Promise<number> {
  const [disks] = await engine.rows<{ known: number; free: number }>(
    `SELECT count() AS known, max(unreserved_space) AS free FROM system.disks
    WHERE total_space > 0 AND has((SELECT arrayFlatten(groupArray(disks)) FROM system.storage_policies
        WHERE policy_name = ${quoteString(storagePolicy)}), name)`,
    { signal },
  );
  return disks === undefined || disks.known === 0 ? Infinity : disks.free;
}

/**
 * Checks that a table's disk is not full: the embedded ClickHouse (26.7) says nothing when it cannot write all of a file.
 *
 * @throws EmbedhouseError `FILE_UNUSABLE`
 */
export async function requireNotFull(engine: Engine, storagePolicy: string, signal?: AbortSignal): Promise<void> {
  const free = await readFreeSpace(engine, storagePolicy, signal);
  if (free >= fullBytes) return;
  const message = `the table's disk is full (${prettyBytes(free)} are free): ${makeRoom}`;
  throw new EmbedhouseError('FILE_UNUSABLE', message);
}
