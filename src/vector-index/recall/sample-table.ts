import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { FoundColumn, FoundTable, TableName } from '../find-table.ts';

/** A table with the vectors of some rows of another. */
export interface Sample {
  table: TableName;
  /** Its name in SQL. */
  tableSql: string;
  /** The column of vectors, in SQL. */
  vectorSql: string;
  /** The column that numbers the rows, in SQL; also the table's order. */
  rowKey: string;
  rows: number;
  dimensions: number;
}

/**
 * Copies the rows whose vectors have the least hashes: always the same ones, whatever their order in the table. They lie
 * in one part, so that an index over them is one graph.
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
  const tableSql = `${into}.sample`;
  await engine.run(
    `CREATE TABLE ${tableSql} (sample_row UInt64, vector ${column.type} CODEC(NONE)) ENGINE = MergeTree ORDER BY sample_row;
    INSERT INTO ${tableSql} SELECT rowNumberInAllBlocks(), vector FROM (
        SELECT ${column.sql} AS vector FROM ${table.sql} WHERE notEmpty(${column.sql})
        ORDER BY cityHash64(${column.sql}) LIMIT ${sampleRows}
    );
    OPTIMIZE TABLE ${tableSql} FINAL`,
    { signal },
  );
  const [found] = await engine.rows<{ rows: number; shortest: number; longest: number }>(
    `SELECT count() AS rows, min(length(vector)) AS shortest, max(length(vector)) AS longest FROM ${tableSql}`,
    { signal },
  );
  const { rows, shortest, longest } = found ?? { rows: 0, shortest: 0, longest: 0 };
  if (rows === 0 || shortest !== longest) {
    const reason = rows === 0 ? 'no vectors' : `vectors of ${shortest} and of ${longest} dimensions`;
    throw new EmbedhouseError('USAGE', `column '${column.name}' of table '${table.table}' has ${reason}`);
  }
  return {
    table: { database: into, table: 'sample' },
    tableSql,
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
  const { database } = sample.table;
  const tableSql = `${database}.${name}`;
  await engine.run(
    `CREATE TABLE ${tableSql} AS ${sample.tableSql};
    ALTER TABLE ${tableSql} ATTACH PARTITION tuple() FROM ${sample.tableSql}`,
    { signal },
  );
  return { ...sample, table: { database, table: name }, tableSql };
}
