import type { Engine } from '../../engine/engine.ts';
import { tableSql } from '../table-name.ts';
import { isOfPart } from './laion-part.ts';
import type { LaionTable } from './laion-table.ts';
import type { LedgerEntry, PartLedger } from './part-ledger.ts';
import { dropLeftStaging } from './staging-table.ts';

/**
 * Ends what loads that were killed began: a part that was becoming the table's is there whole, or its rows are deleted;
 * tables that parts were loaded into are dropped.
 *
 * @param isWanted leaves out parts that another process may be loading
 * @returns what is known of all parts then
 */
export async function recoverParts(
  target: Engine,
  table: LaionTable,
  ledger: PartLedger,
  { isWanted, signal }: { isWanted: (part: number) => boolean; signal: AbortSignal },
): Promise<Map<number, LedgerEntry>> {
  await dropLeftStaging(target, table, isWanted);
  const known = await ledger.read();
  for (const [part, { state, rows }] of known) {
    if (state !== 'loading' || !isWanted(part)) continue;
    if ((await countRows(target, table, part, signal)) === rows) {
      await ledger.writeLoaded(part);
      continue;
    }
    await deleteRows(target, table, part, signal);
    await ledger.writeLeftOut(part, 'its load was killed');
  }
  return ledger.read();
}

/** Counts the rows that the table has of a part. */
export async function countRows(target: Engine, table: LaionTable, part: number, signal: AbortSignal): Promise<number> {
  const [counted] = await target.rows<{ rows: number }>(
    `SELECT count() AS rows FROM ${tableSql(table)} WHERE ${isOfPart(part)}`,
    { signal },
  );
  return counted?.rows ?? 0;
}

/** Deletes what the table has of a part. */
export async function deleteRows(target: Engine, table: LaionTable, part: number, signal?: AbortSignal): Promise<void> {
  // Not DELETE FROM, which hides rows: tables with projections refuse it, and vector search counts the hidden ones.
  await target.run(`ALTER TABLE ${tableSql(table)} DELETE WHERE ${isOfPart(part)} SETTINGS mutations_sync = 2`, {
    signal,
  });
}
