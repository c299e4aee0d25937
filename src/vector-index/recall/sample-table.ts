import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { FoundColumn, FoundTable } from '../find-table.ts';
import { isSearchable, noDirection } from './query-vectors.ts';

/** A table with the vectors of some rows of another. */
export interface Sample {
  table: FoundTable;
  /** The column of vectors, in SQL. */
  vectorSql: string;
  /** The column that numbers the rows, in SQL; also the table's order. */
  rowKey: string;
  rows: number;
  dimensions: number;
}

/**
 * Copies the rows whose vectors have the least hashes: always the same ones, whatever their order in the table. They lie
 * in one part, so that an index over them is one graph. Zero vectors, which i8 does not admit, are left out.
 *
 * @throws EmbedhouseError `USAGE` when there are no vectors, or not of one length; QueryError (`QUERY_FAILED`)
 */
export async function copySample(
  engine: Engine,
  options: {
    from: { table: FoundTable; column: FoundColumn };
    /** The database for it. */
    into: string;
    sampleRows: number;
    signal: AbortSignal;
  },
): Promise<Sample> {
  const { from, into, sampleRows, signal } = options;
  const { table, column } = from;
  const scratch = tableIn(into, 'sample');
  await engine.run(
    `CREATE TABLE ${scratch.sql} (sample_row UInt64, vector ${column.type} CODEC(NONE)) ENGINE = MergeTree ORDER BY sample_row;
    INSERT INTO ${scratch.sql} SELECT rowNumberInAllBlocks(), vector FROM (
        SELECT ${column.sql} AS vector FROM ${table.sql} WHERE ${isSearchable(column.sql)}
        ORDER BY cityHash64(${column.sql}) LIMIT ${sampleRows}
    );
    OPTIMIZE TABLE ${scratch.sql} FINAL`,
    { signal },
  );
  const [found] = await engine.rows<{ rows: number; shortest: number; longest: number }>(
    `SELECT count() AS rows, min(length(vector)) AS shortest, max(length(vector)) AS longest FROM ${scratch.sql}`,
    { signal },
  );
  const { rows, shortest, longest } = found ?? { rows: 0, shortest: 0, longest: 0 };
  if (rows === 0 || shortest !== longest) {
    const reason = rows === 0 ? noDirection : `vectors of ${shortest} and of ${longest} dimensions`;
    throw new EmbedhouseError('USAGE', `column '${column.name}' of table '${table.table}' has ${reason}`);
  }
  return {
    table: scratch,
    vectorSql: 'vector',
    rowKey: 'sample_row',
    rows,
    dimensions: longest,
  };
}

/** Makes a table of the same rows, which takes no space: their files are linked. @throws QueryError (`QUERY_FAILED`) */
export async function linkSample(
  engine: Engine,
  sample: Sample,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<Sample> {
  const table = tableIn(sample.table.database, name);
  await engine.run(
    `CREATE TABLE ${table.sql} AS ${sample.table.sql};
    ALTER TABLE ${table.sql} ATTACH PARTITION tuple() FROM ${sample.table.sql}`,
    { signal },
  );
  return { ...sample, table };
}

/** Both names need no quotes. */
const tableIn = (database: string, table: string): FoundTable => ({
  database,
  table,
  tableEngine: 'MergeTree',
  sql: `${database}.${table}`,
});
