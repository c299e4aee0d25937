import type { Engine } from '../../engine/engine.ts';
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

/**
 * Runs a query that `search-target.ts` wrote, in the engine's own session: all run in the same thread and find its caches.
 *
 * @throws QueryError (`QUERY_FAILED`); `QUERY_CANCELLED`
 */
export async function runSearch(
  engine: Engine,
  sql: string,
  { vector, signal }: { vector: QueryVector; signal: AbortSignal },
): Promise<Search> {
  const chunks: Uint8Array[] = [];
  const params = { [vectorParameter]: vector.base64 };
  for await (const chunk of engine.stream(sql, { format: 'JSONEachRow', params, signal })) {
    chunks.push(chunk);
  }
  // One row, with the columns that `timed` names.
  const { rows, distances, nanoseconds } = JSON.parse(Buffer.concat(chunks).toString()) as SearchRow;
  return {
    found: rows.map((row, at) => ({ row, distance: distances?.[at] ?? null })),
    milliseconds: Number(nanoseconds) / 1e6,
  };
}

interface SearchRow {
  rows: string[];
  /** Of the exact search only. */
  distances?: (number | null)[];
  /** In quotes where a server is set to write 64-bit integers so. */
  nanoseconds: number | string;
}
