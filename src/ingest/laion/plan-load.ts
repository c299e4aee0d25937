import type { Engine } from '../../engine/engine.ts';
import { tableSql } from '../table-name.ts';
import { isOfPart, type CheckedPart, type LeftOutPart } from './laion-part.ts';
import type { LaionTable } from './laion-table.ts';
import type { PartState } from './part-ledger.ts';

/** What is to be done with each part. */
export interface LoadPlan {
  /** `hasRemains`: rows of it, of a load that was killed while they became the table's, are to be deleted first. */
  load: { part: CheckedPart; hasRemains: boolean }[];
  wasLoaded: { part: CheckedPart; rows: number }[];
  leftOut: LeftOutPart[];
}

/**
 * Decides by the rows that the table has of each part, and where those are neither none nor all, by what the ledger knows:
 * rows that this command did not put there are never touched.
 */
export async function planLoad(
  engine: Engine,
  table: LaionTable,
  parts: readonly CheckedPart[],
  states: ReadonlyMap<number, PartState>,
  signal: AbortSignal,
): Promise<LoadPlan> {
  const plan: LoadPlan = { load: [], wasLoaded: [], leftOut: [] };
  for (const part of parts) {
    const [counted] = await engine.rows<{ rows: number }>(
      `SELECT count() AS rows FROM ${tableSql(table)} WHERE ${isOfPart(part.number)}`,
      { signal },
    );
    const rows = counted?.rows ?? 0;
    const state = states.get(part.number);
    if (rows === 0) plan.load.push({ part, hasRemains: false });
    else if (rows === part.rows || state === 'loaded') plan.wasLoaded.push({ part, rows });
    else if (state === 'loading') plan.load.push({ part, hasRemains: true });
    else {
      const reason = `the table has ${rows} rows with its ids that this command did not load, and it has ${part.rows}: load it into another table with --table`;
      plan.leftOut.push({ number: part.number, reason });
    }
  }
  return plan;
}
