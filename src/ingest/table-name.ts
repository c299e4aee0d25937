import { quoteIdentifier, splitNames } from '../engine/quote-identifier.ts';
import { quoteString } from '../engine/quote-string.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';

/** A table that rows go into, and the tables beside it. */
export interface TargetTable {
  /** `undefined`: the engine's current one. */
  database: string | undefined;
  name: string;
}

/**
 * Reads a table's name as a user gives it: `table` or `database.table`, each in backticks if it has a dot.
 *
 * @throws EmbedhouseError `USAGE`
 */
export function parseTableName(given: string): TargetTable {
  const [first = '', second, ...more] = splitNames(given);
  if (first === '' || second === '' || more.length > 0) {
    throw new EmbedhouseError('USAGE', `'${given}' is no table's name: expected table or database.table`);
  }
  return second === undefined ? { database: undefined, name: first } : { database: first, name: second };
}

/** Writes the table, or one beside it whose name ends otherwise, for SQL. */
export function tableSql({ database, name }: TargetTable, suffix = ''): string {
  const table = quoteIdentifier(`${name}${suffix}`);
  return database === undefined ? table : `${quoteIdentifier(database)}.${table}`;
}

/** The condition under which a row of a system table is of the table's database. */
export const isOfDatabase = ({ database }: TargetTable): string =>
  `database = ${database === undefined ? 'currentDatabase()' : quoteString(database)}`;

/** The condition under which a row of a system table is of the table. */
export function isOfTable(table: TargetTable, suffix = '', column = 'table'): string {
  return `${isOfDatabase(table)} AND ${column} = ${quoteString(`${table.name}${suffix}`)}`;
}
