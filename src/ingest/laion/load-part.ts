import type { Engine } from '../../engine/engine.ts';
import { quoteString } from '../../engine/quote-string.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { requireNotFull } from '../free-space.ts';
import { isOfTable, tableSql } from '../table-name.ts';
import type { CheckedPart } from './laion-part.ts';
import type { LaionTable } from './laion-table.ts';
import { deleteRows } from './recover-parts.ts';
import { filledColumns, readSettings, selectPart } from './select-part.ts';
import { createStaging, dropStaging, stagingSuffix } from './staging-table.ts';

export interface LoadPartOptions {
  /** An engine on this machine, which reads the files. */
  reader: Engine;
  /** The engine that has the table; the same, or a server's. */
  target: Engine;
  table: LaionTable;
  signal: AbortSignal;
  onRows: (rows: number) => void;
  /** Called when all rows are there, before they become the table's. */
  beforeAttach: () => Promise<void>;
}

/** Rows are written as blocks of so many bytes: the larger, the fewer merges, and the more memory, some three times it. */
const insertBlockBytes = 64 * 1024 * 1024;
const blockSettings = `min_insert_block_size_rows = 0, min_insert_block_size_bytes = ${insertBlockBytes}`;
const sources = 3;

/**
 * Loads a part: its rows go into a table of their own, which then gives them to the real one by links to the same files.
 * So the table has all of a part or nothing, and what fails leaves nothing behind.
 *
 * @throws QueryError (`QUERY_FAILED`), `QUERY_CANCELLED`; `FORMAT_INVALID` when the files have changed meanwhile;
 *   `FILE_UNUSABLE` when the disk is full; `USAGE` when the name of the table of its own is taken
 */
export async function loadPart(part: CheckedPart, options: LoadPartOptions): Promise<void> {
  const { target, table, signal, beforeAttach } = options;
  const staging = tableSql(table, stagingSuffix(part.number));
  await dropStaging(target, table, part.number);
  try {
    // Here, too: it may be cancelled, and have made the table.
    await createStaging(target, table, part.number, signal);
    await insertRows(part, staging, options);
    const [counted] = await target.rows<{ rows: number }>(`SELECT count() AS rows FROM ${staging}`, { signal });
    if (counted?.rows !== part.rows) {
      const message = `${counted?.rows ?? 0} rows came out of its files, and they said ${part.rows}: were they changed meanwhile?`;
      throw new EmbedhouseError('FORMAT_INVALID', message);
    }
    await requireNotFull(target, table.storagePolicy, signal);
    await beforeAttach();
    await attachAll(part, options);
  } catch (error) {
    // The next run drops it, if a server that has gone away is why this one cannot.
    await dropStaging(target, table, part.number).catch(() => {});
    throw error;
  }
  await dropStaging(target, table, part.number);
}

async function insertRows(part: CheckedPart, staging: string, options: LoadPartOptions): Promise<void> {
  const { reader, target, table, signal, onRows } = options;
  const columns = filledColumns(part, table).join(', ');
  const select = selectPart(part, table);
  // ClickHouse counts a row in each of the files.
  const onProgress = ({ readRows }: { readRows: number }): void => onRows(Math.min(part.rows, readRows / sources));
  if (reader === target) {
    const insert = `INSERT INTO ${staging} (${columns}) ${select}`;
    await target.run(`${insert} SETTINGS ${readSettings(part)}, ${blockSettings}`, { signal, onProgress });
    return;
  }
  const data = reader.stream(`${select} SETTINGS ${readSettings(part)}`, { format: 'Native', signal, onProgress });
  await target.insert(`${staging} (${columns}) SETTINGS ${blockSettings}`, { format: 'Native', data, signal });
}

async function attachAll(part: CheckedPart, { target, table, signal }: LoadPartOptions): Promise<void> {
  const suffix = stagingSuffix(part.number);
  const partitions = await target.rows<{ id: string }>(
    `SELECT DISTINCT partition_id AS id FROM system.parts WHERE active AND ${isOfTable(table, suffix)}`,
    { signal },
  );
  let attached = 0;
  try {
    // Not to be stopped in the middle: it takes no time.
    for (const { id } of partitions) {
      const from = `ATTACH PARTITION ID ${quoteString(id)} FROM ${tableSql(table, suffix)}`;
      await target.run(`ALTER TABLE ${tableSql(table)} ${from}`);
      attached += 1;
    }
  } catch (error) {
    // Each partition is put there by itself. What cannot be deleted now, the next run deletes.
    if (attached > 0) await deleteRows(target, table, part.number).catch(() => {});
    await requireWhole(target, tableSql(table, suffix), error);
    throw error;
  }
}

/** @throws EmbedhouseError `FILE_UNUSABLE` when files are not as they were written, as on a disk with a limit for a user */
async function requireWhole(target: Engine, staging: string, cause: unknown): Promise<void> {
  const parts = await target.rows<{ is_passed: number }>(`CHECK TABLE ${staging}`).catch(() => []);
  if (parts.every((part) => part.is_passed === 1)) return;
  const message = 'its rows could not be written whole: see whether the disk is full, or has a limit for you';
  throw new EmbedhouseError('FILE_UNUSABLE', message, { cause });
}
