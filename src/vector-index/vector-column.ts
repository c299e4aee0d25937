import type { Engine } from '../engine/engine.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { findColumn, findTable, type FoundColumn, type FoundTable } from './find-table.ts';

/** A column of a table that vector indexes are built on. */
export interface VectorColumn {
  table: FoundTable;
  column: FoundColumn;
  /** Bytes of one element, such as 4 for Float32. */
  elementBytes: number;
}

/** Bytes of the types that an index takes. */
export const elementTypes: Record<string, number> = { Float64: 8, Float32: 4, BFloat16: 2 };

/**
 * Finds a column of vectors by what a user calls its table and it.
 *
 * @throws EmbedhouseError `USAGE` for names that there are not; `INDEX_REFUSED` where ClickHouse would build no index;
 *   QueryError (`QUERY_FAILED`)
 */
export async function findVectorColumn(
  engine: Engine,
  { tableName, columnName, signal }: { tableName: string; columnName: string; signal: AbortSignal },
): Promise<VectorColumn> {
  const table = await findTable(engine, tableName, signal);
  const column = await findColumn(engine, table, columnName, signal);
  const [support] = await engine.rows<{ isSupported: number }>(
    'SELECT supports_skipping_indices AS isSupported FROM system.table_engines WHERE name = {name:String}',
    { params: { name: table.tableEngine }, signal },
  );
  if (!support?.isSupported) {
    throw new EmbedhouseError(
      'INDEX_REFUSED',
      `table '${tableName}' cannot have a vector index: its engine is ${table.tableEngine}, and only tables of the MergeTree family have indexes; name the table that keeps the rows`,
    );
  }
  const element = /^Array\((?<element>\w+)\)$/.exec(column.type)?.groups?.['element'] ?? '';
  const elementBytes = elementTypes[element];
  if (elementBytes === undefined) {
    throw new EmbedhouseError(
      'INDEX_REFUSED',
      `column '${column.name}' cannot have a vector index: its type is ${column.type}, and ClickHouse takes ${Object.keys(
        elementTypes,
      )
        .map((name) => `Array(${name})`)
        .join(', ')}`,
    );
  }
  return { table, column, elementBytes };
}
