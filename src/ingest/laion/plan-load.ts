import type { Engine } from '../../engine/engine.ts';
import { tableSql } from '../table-name.ts';
import { isOfPart, type CheckedPart, type LeftOutPart } from './laion-part.ts';
import type { LaionTable } from './laion-table.ts';
import type { LedgerEntry } from './part-ledger.ts';
import { countRows } from './recover-parts.ts';

/** What is to be done with each part. */
export interface LoadPlan {
  load: CheckedPart[];
  wasLoaded: { part: CheckedPart; rows: number }[];
  leftOut: LeftOutPart[];
}

/**
 * Decides by the rows that the table has of each part, and where it has some, by what the ledger knows: rows that this
 * command did not put there are never touched, and never taken for the part's, however many they are.
 */
export async function planLoad(
  engine: Engine,
  table: LaionTable,
  parts: readonly CheckedPart[],
  known: ReadonlyMap<number, LedgerEntry>,
  signal: AbortSignal,
): Promise<LoadPlan> {
  const plan: LoadPlan = { load: [], wasLoaded: [], leftOut: [] };
  for (const part of parts) {
    const rows = await countRows(engine, table, part.number, signal);
    const entry = known.get(part.number);
    const loaded = entry?.state === 'loaded' ? entry : undefined;
    if (rows === 0) plan.load.push(part);
    else if (loaded?.bytes === part.bytes) plan.wasLoaded.push({ part, rows });
    else plan.leftOut.push({ number: part.number, reason: whyNot(part, table, rows, loaded) });
  }
  return plan;
}

function whyNot(part: CheckedPart, table: LaionTable, rows: number, loaded: LedgerEntry | undefined): string {
  const owner =
    loaded === undefined
      ? `the table has ${rows} rows with its ids that this command did not load`
      : `the table has a part of that number from other files, ${loaded.bytes} bytes with ${loaded.imageFile}, and these are ${part.bytes} bytes`;
  return `${owner}: load it into another table with --table, or delete those first (DELETE FROM ${tableSql(table)} WHERE ${isOfPart(part.number)})`;
}
