import type { Engine } from '../../engine/engine.ts';
import { readRows } from './read-rows.ts';
import { vectorParameter } from './search-target.ts';

/** A vector to search for. */
export interface QueryVector {
  /** The bytes of its elements in base64, as the column has them. */
  base64: string;
  /** The row it was taken from, which is no answer to it. */
  ownRow?: string;
}

export interface FoundRow {
  /** The row's name, as `rowNameSql` writes it. */
  row: string;
  /** Null where it was not asked for, and where ClickHouse has no number. */
  distance: number | null;
}

export interface Search {
  /** In the order that the query gave them. */
  found: FoundRow[];
  milliseconds: number;
}

/** Runs a query that `search-target.ts` wrote. @throws QueryError (`QUERY_FAILED`); `QUERY_CANCELLED` */
export async function runSearch(
  engine: Engine,
  sql: string,
  { vector, signal }: { vector: QueryVector; signal: AbortSignal },
): Promise<Search> {
  const [answer] = await readRows<{
    rows: string[];
    distances?: (number | null)[];
    nanoseconds: number | string;
  }>(engine, sql, { params: { [vectorParameter]: vector.base64 }, signal });
  return {
    found: (answer?.rows ?? []).map((row, at) => ({ row, distance: answer?.distances?.[at] ?? null })),
    milliseconds: Number(answer?.nanoseconds ?? 0) / 1e6,
  };
}
