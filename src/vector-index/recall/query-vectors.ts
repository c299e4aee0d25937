import type { Engine } from '../../engine/engine.ts';
import { splitStatements } from '../../engine/split-statements.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { refuseSql } from './refuse-sql.ts';
import type { QueryVector } from './run-search.ts';
import { rowNameSql, type SearchTarget } from './search-target.ts';

/**
 * Chooses rows of a table whose vectors to search for: those whose vectors have the least hashes, whatever the order and
 * the parts of the table. Zero vectors, which stand for what could not be embedded, are left out.
 *
 * @throws QueryError (`QUERY_FAILED`)
 */
export async function chooseRows(
  engine: Engine,
  target: SearchTarget,
  { count, signal }: { count: number; signal: AbortSignal },
): Promise<QueryVector[]> {
  const { tableSql, columnSql } = target;
  const rows = await engine.rows<{ name: string; base64: string }>(
    `SELECT ${rowNameSql(target)} AS name, ${bytesOf(columnSql)} AS base64 FROM ${tableSql}
    WHERE ${isSearchable(columnSql)} ORDER BY cityHash64(${columnSql}) LIMIT ${count}`,
    { signal },
  );
  return rows.map(({ name, base64 }) => ({ base64, ownRow: name }));
}

/** Holds for vectors that have a direction. */
export const isSearchable = (vector: string): string => `L2Norm(${vector}) > 0 AND isFinite(L2Norm(${vector}))`;

/** Said of a column in which none has. */
export const noDirection = 'no vectors to search for: it has no rows, or they are zero or not finite';

/**
 * Takes the vectors to search for from a query of the user.
 *
 * @throws EmbedhouseError `USAGE` when it gives no vectors of these dimensions; QueryError (`QUERY_FAILED`)
 */
export async function selectVectors(
  engine: Engine,
  sql: string,
  options: { columnType: string; dimensions: number; count: number; signal: AbortSignal },
): Promise<QueryVector[]> {
  const { columnType, dimensions, count, signal } = options;
  const refuse = (reason: string): never => {
    throw new EmbedhouseError('USAGE', `the query for the vectors to search for (${sql}) ${reason}`);
  };
  const [statement, ...more] = splitStatements(sql);
  if (statement === undefined || more.length > 0) {
    return refuse(`is ${more.length === 0 ? 'empty' : `${more.length + 1} statements`}; one SELECT is expected`);
  }
  const query = `(${statement}\n)`;
  const what = `the query for the vectors to search for (${sql})`;
  const columns = await refuseSql(what, async () =>
    engine.rows<{ type: string }>(`DESCRIBE TABLE ${query}`, { signal }),
  );
  const [column] = columns;
  if (column === undefined || columns.length > 1) {
    return refuse(`gives ${columns.length} columns; one is expected, of vectors`);
  }
  if (!/^Array\((?:Float32|Float64|BFloat16)\)$/.test(column.type)) {
    return refuse(`gives ${column.type}; an array of floats is expected`);
  }
  const rows = await refuseSql(what, async () =>
    engine.rows<{ base64: string; length: number }>(
      `SELECT ${bytesOf(`CAST(vector, '${columnType}')`)} AS base64, length(vector) AS length
      FROM (SELECT tupleElement(tuple(*), 1) AS vector FROM ${query} LIMIT ${count})
      WHERE empty(vector) OR ${isSearchable('vector')}`,
      { signal },
    ),
  );
  const wrong = rows.find(({ length }) => length !== dimensions);
  if (wrong !== undefined) {
    return refuse(`gives a vector of ${wrong.length} dimensions; the index has ${dimensions}`);
  }
  return rows.length === 0 ? refuse('gives no vectors, or zero vectors only') : rows.map(({ base64 }) => ({ base64 }));
}

const bytesOf = (vector: string): string => `base64Encode(reinterpret(${vector}, 'String'))`;
