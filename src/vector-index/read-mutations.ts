import type { Engine } from '../engine/engine.ts';
import type { TableName } from './find-table.ts';

/** A change of a table that ClickHouse makes part by part in the background, such as the build of an index. */
export interface Mutation extends TableName {
  id: string;
  /** As ClickHouse writes it, such as `(MATERIALIZE INDEX i)`. */
  command: string;
  isDone: boolean;
  partsToDo: string[];
  partsInProgress: string[];
  /** The part in which it failed last, and why; '' when it did not. ClickHouse tries again and again. */
  failedPart: string;
  failure: string;
}

/**
 * Reads the mutations that are under way, and those that are done if `isDone`, the oldest first; of one table or of all.
 *
 * @throws QueryError (`QUERY_FAILED`); `QUERY_CANCELLED`
 */
export async function readMutations(
  engine: Engine,
  table?: TableName,
  { isDone = false, signal }: { isDone?: boolean; signal?: AbortSignal } = {},
): Promise<Mutation[]> {
  const conditions = [
    ...(table === undefined ? [] : ['database = {database:String} AND table = {table:String}']),
    ...(isDone ? [] : ['NOT is_done']),
  ];
  const rows = await engine.rows<Omit<Mutation, 'isDone'> & { isDone: number }>(
    `SELECT database, table, mutation_id AS id, command, is_done AS isDone, parts_to_do_names AS partsToDo,
        parts_in_progress_names AS partsInProgress, latest_failed_part AS failedPart, latest_fail_reason AS failure
    FROM system.mutations
    ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
    ORDER BY create_time, length(id), id`,
    {
      ...(table && { params: { database: table.database, table: table.table } }),
      signal,
    },
  );
  return rows.map((row) => ({ ...row, isDone: Boolean(row.isDone) }));
}
