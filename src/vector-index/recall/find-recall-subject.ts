import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { FoundColumn, FoundTable } from '../find-table.ts';
import { findVectorColumn } from '../vector-column.ts';
import { readVectorIndexes, type VectorIndex } from '../vector-index.ts';

/** A table's column and its vector index. */
export interface RecallSubject {
  table: FoundTable;
  column: FoundColumn;
  index: VectorIndex;
  /** All vector indexes of the column. */
  allIndexes: VectorIndex[];
}

/**
 * Finds the index to judge: the column's only one, or the one named.
 *
 * @throws EmbedhouseError `USAGE` when table, column or index is not there; `INDEX_REFUSED` for what can have no index; QueryError (`QUERY_FAILED`)
 */
export async function findRecallSubject(
  engine: Engine,
  names: { table: string; column: string; index?: string },
  signal: AbortSignal,
): Promise<RecallSubject> {
  const { table, column } = await findVectorColumn(engine, {
    tableName: names.table,
    columnName: names.column,
    signal,
  });
  const allIndexes = await readVectorIndexes(engine, { table, column: column.name, signal });
  const refuse = (reason: string): EmbedhouseError =>
    new EmbedhouseError('USAGE', `column '${column.name}' of table '${table.table}' ${reason}`);

  const [first] = allIndexes;
  if (first === undefined) {
    throw refuse(`has no vector index; create one with: embedhouse index create ${names.table} ${names.column}`);
  }
  const known = allIndexes.map(({ name }) => name).join(', ');
  if (names.index !== undefined) {
    const index = allIndexes.find(({ name }) => name === names.index);
    if (index === undefined) {
      throw refuse(`has no vector index '${names.index}'; it has ${known}`);
    }
    return { table, column, index, allIndexes };
  }
  if (allIndexes.length > 1) {
    throw refuse(`has several vector indexes (${known}); say with --index which one to judge`);
  }
  return { table, column, index: first, allIndexes };
}
