import type { Engine } from '../engine/engine.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { TableName } from './find-table.ts';
import { showNames } from '../engine/quote-identifier.ts';
import type { Quantization } from './vector-index.ts';
import type { VectorColumn } from './vector-column.ts';

/** The vectors of a column, which all have one length. */
export interface CheckedVectors {
  rows: number;
  /** Absent where there are no rows. */
  dimensions?: number;
}

/**
 * Counts a column's vectors and their dimensions.
 *
 * @throws EmbedhouseError `INDEX_REFUSED` saying how many rows are empty, or of another length than most, and how to find
 *   them; QueryError (`QUERY_FAILED`)
 */
export async function checkDimensions(
  engine: Engine,
  { table, column }: VectorColumn,
  { dimensions, signal }: { dimensions?: number; signal: AbortSignal },
): Promise<CheckedVectors> {
  // ClickHouse reads the sizes alone for this.
  const lengths = await engine.rows<{ length: number; rows: number }>(
    `SELECT length(${column.sql}) AS length, count() AS rows FROM ${table.sql} GROUP BY length ORDER BY length = 0, rows DESC`,
    { signal },
  );
  const total = lengths.reduce((sum, { rows }) => sum + rows, 0);
  const common = dimensions ?? lengths[0]?.length;
  const offending = lengths.filter(({ length }) => length !== common || length === 0);
  if (offending.length > 0) {
    const found = offending
      .slice(0, maxListed)
      .map(({ length, rows }) =>
        length === 0 ? `${count(rows, 'is', 'are')} empty` : `${count(rows, 'has', 'have')} ${length}`,
      );
    const more = offending.length > maxListed ? ', …' : '';
    const wanted = common === 0 ? 'all vectors of one length' : `${common} dimensions in every row`;
    throw new EmbedhouseError(
      'INDEX_REFUSED',
      `column '${column.name}' of ${total} rows cannot have a vector index, which takes ${wanted}: ${found.join(', ')}${more}; ${howToFind(
        `length(${showNames(column.name)}) != ${common === 0 ? 'N' : common}`,
        table,
      )}`,
    );
  }
  return { rows: total, ...(common !== undefined && { dimensions: common }) };
}

/**
 * Reads all vectors for what ClickHouse refuses in the middle of a build: NaN, infinity, and, with i8, vectors of zeros.
 *
 * @throws EmbedhouseError `INDEX_REFUSED` saying how many rows have it and how to find them; QueryError (`QUERY_FAILED`)
 */
export async function checkValues(
  engine: Engine,
  { table, column }: VectorColumn,
  { quantization, signal }: { quantization: Quantization; signal: AbortSignal },
): Promise<void> {
  const isNotFinite = (vector: string): string => `arrayExists(x -> NOT isFinite(x), ${vector})`;
  const isZero = (vector: string): string => `L2Norm(${vector}) = 0`;
  const [bad] = await engine.rows<{ notFinite: number; zero: number }>(
    // A sum is quick to tell, and wrong at most where it overflows.
    `SELECT countIf(NOT isFinite(arraySum(${column.sql})) AND ${isNotFinite(column.sql)}) AS notFinite,
        ${quantization === 'i8' ? `countIf(${isZero(column.sql)})` : 0} AS zero
    FROM ${table.sql}`,
    { signal },
  );
  if (bad?.notFinite) {
    throw new EmbedhouseError(
      'INDEX_REFUSED',
      `column '${column.name}' cannot have a vector index: ${count(bad.notFinite, 'has', 'have')} a NaN or an infinite number in the vector; ${howToFind(isNotFinite(showNames(column.name)), table)}`,
    );
  }
  if (bad?.zero) {
    throw new EmbedhouseError(
      'INDEX_REFUSED',
      `column '${column.name}' cannot have a vector index with i8: ${count(bad.zero, 'is', 'are')} all zeros, which only other quantizations take; ${howToFind(isZero(showNames(column.name)), table)}`,
    );
  }
}

const maxListed = 3;

const count = (rows: number, one: string, many: string): string =>
  rows === 1 ? `1 row ${one}` : `${rows} rows ${many}`;

const howToFind = (condition: string, { database, table }: TableName): string =>
  `see them with SELECT * FROM ${showNames(database, table)} WHERE ${condition}`;
