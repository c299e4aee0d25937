import { quoteIdentifier } from '../../engine/quote-identifier.ts';
import { quoteString } from '../../engine/quote-string.ts';
import type { Distance } from '../vector-index.ts';
import { variantSettings, type SearchVariant } from './search-variant.ts';

/** What is searched, in terms of SQL. */
export interface SearchTarget {
  /** Quoted, with its database. */
  tableSql: string;
  /** Quoted. */
  columnSql: string;
  /** Such as `Array(Float32)`. */
  columnType: string;
  distance: Distance;
  /** The index that is judged. */
  indexName: string;
  /** Other vector indexes of the column: ClickHouse would use all at once. */
  ignoredIndexes: readonly string[];
  /** A condition in SQL; '' for none. */
  filter: string;
  /** Columns that together tell a row from all others. */
  rowKey: readonly string[];
}

/** The parameter that holds a reference vector: the bytes of the array's elements in base64. */
export const vectorParameter = 'recall_vector';

/** The least distance first, or the greatest product. */
export const isDescending = (distance: Distance): boolean => distance === 'dotProduct';

/**
 * Writes the distance of a row to the reference vector, which is read from bytes: reading hundreds of decimal numbers
 * would take longer than the search.
 */
export function distanceSql({ distance, columnSql, columnType }: SearchTarget): string {
  return `${distance}(${columnSql}, reinterpret(base64Decode({${vectorParameter}:String}), '${columnType}'))`;
}

/** Writes the search through the index. */
export function approximateSql(target: SearchTarget, variant: SearchVariant, limit: number): string {
  const { ignoredIndexes } = target;
  // Without backticks ClickHouse takes a name such as `c-1` for another, without a word.
  const names = quoteString(ignoredIndexes.map(quoteIdentifier).join(','));
  const ignored = ignoredIndexes.length === 0 ? [] : [`ignore_data_skipping_indices = ${names}`];
  return timed(searchSql(target, limit, target.rowKey), {
    select: groupRows(target),
    settings: [...variantSettings(variant), ...ignored],
  });
}

/** Writes the search over all rows, with the distance of each row it finds. */
export function exactSql(target: SearchTarget, limit: number): string {
  const columns = [...target.rowKey, `${distanceSql(target)} AS ${distanceAlias}`];
  return timed(searchSql(target, limit, columns), {
    select: `${groupRows(target)}, groupArray(${distanceAlias}) AS distances`,
    settings: ['use_skip_indexes = 0'],
  });
}

/** Writes a row's name: the values of its key. */
export const rowNameSql = ({ rowKey }: SearchTarget): string =>
  `concatWithSeparator(' ', ${rowKey.map((column) => `toString(${column})`).join(', ')})`;

const groupRows = (target: SearchTarget): string => `groupArray(${rowNameSql(target)}) AS rows`;

/** No table has a column of this name. */
const distanceAlias = 'embedhouse_recall_distance';

function searchSql(target: SearchTarget, limit: number, columns: readonly string[]): string {
  return `SELECT ${columns.join(', ')} FROM ${target.tableSql}${where(target.filter)}
ORDER BY ${distanceSql(target)}${isDescending(target.distance) ? ' DESC' : ''} LIMIT ${limit}`;
}

/** A filter may end in a comment. */
export const where = (filter: string): string => (filter === '' ? '' : `\nWHERE (${filter}\n)`);

/**
 * Makes a query tell how long ClickHouse took, from analysing it (`now64`) to its last row (`nowInBlock64`). The time
 * that the format JSON tells begins later, when the index has been searched already: ClickHouse does so while it plans.
 */
function timed(search: string, { select, settings }: { select: string; settings: readonly string[] }): string {
  return `SELECT *, toUnixTimestamp64Nano(nowInBlock64(9)) - toUnixTimestamp64Nano(now64(9)) AS nanoseconds
FROM (SELECT ${select} FROM (${search}))
SETTINGS ${settings.join(', ')}`;
}
