import { isDeepStrictEqual } from 'node:util';

import type { Engine } from '../engine/engine.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { didYouMean } from '../functions/closest-name.ts';
import { quoteIdentifier, splitNames, unquoteIdentifier } from '../engine/quote-identifier.ts';

export interface TableName {
  database: string;
  table: string;
}

export interface FoundTable extends TableName {
  /** ClickHouse's table engine, such as `MergeTree`. */
  tableEngine: string;
  /** The name for SQL, quoted. */
  sql: string;
}

export interface FoundColumn {
  name: string;
  /** ClickHouse's type, such as `Array(Float32)`. */
  type: string;
  /** The name for SQL, quoted. */
  sql: string;
}

const systemDatabases = "('system', 'INFORMATION_SCHEMA', 'information_schema')";

/**
 * Finds a table by what a user calls it: `table` in the current database, or `database.table`, with or without backticks.
 *
 * @throws EmbedhouseError `USAGE` naming the nearest name; QueryError (`QUERY_FAILED`)
 */
export async function findTable(engine: Engine, name: string, signal?: AbortSignal): Promise<FoundTable> {
  const tables = await engine.rows<TableName & { tableEngine: string; isCurrent: number }>(
    `SELECT database, name AS table, engine AS tableEngine, database = currentDatabase() AS isCurrent
    FROM system.tables
    WHERE database NOT IN ${systemDatabases}
    ORDER BY isCurrent DESC`,
    { signal },
  );
  const wanted = splitNames(name);
  const found = tables.find(({ database, table, isCurrent }) =>
    [[database, table], ...(isCurrent ? [[table]] : [])].some(
      // A dot may be in a name that is not quoted.
      (names) => names.join('.') === name || isDeepStrictEqual(names, wanted),
    ),
  );
  if (found === undefined) {
    const known = tables.map(({ database, table, isCurrent }) => (isCurrent ? table : `${database}.${table}`));
    const advice = tables.length === 0 ? 'there is no table yet' : didYouMean(name, known) || listNames(known);
    throw new EmbedhouseError('USAGE', `there is no table '${name}': ${advice}`);
  }
  const { database, table, tableEngine } = found;
  return { database, table, tableEngine, sql: `${quoteIdentifier(database)}.${quoteIdentifier(table)}` };
}

/**
 * Finds a column of a table.
 *
 * @throws EmbedhouseError `USAGE` naming the nearest name; QueryError (`QUERY_FAILED`)
 */
export async function findColumn(
  engine: Engine,
  table: FoundTable,
  name: string,
  signal?: AbortSignal,
): Promise<FoundColumn> {
  const columns = await engine.rows<{ name: string; type: string }>(
    `SELECT name, type FROM system.columns
    WHERE database = {database:String} AND table = {table:String}
    ORDER BY startsWith(type, 'Array(') DESC, position`,
    { params: { database: table.database, table: table.table }, signal },
  );
  const found = columns.find((column) => [name, unquoteIdentifier(name)].includes(column.name));
  if (found === undefined) {
    const known = columns.map((column) => column.name);
    throw new EmbedhouseError(
      'USAGE',
      `table '${table.table}' has no column '${name}': ${didYouMean(name, known) || listNames(known)}`,
    );
  }
  return { ...found, sql: quoteIdentifier(found.name) };
}

const maxListed = 10;

function listNames(names: readonly string[]): string {
  const more = names.length > maxListed ? ', …' : '';
  return `there are ${names.slice(0, maxListed).join(', ')}${more}`;
}
