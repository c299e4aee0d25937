import type { Engine } from '../engine/engine.ts';
import type { TableName } from './find-table.ts';
import { unquoteIdentifier } from '../engine/quote-identifier.ts';

/** The distances that an index can be built for, as ClickHouse 26.7 knows them. */
export const distances = ['cosineDistance', 'L2Distance', 'dotProduct'] as const;
export type Distance = (typeof distances)[number];

/** How an index can store vectors, from the most exact to the smallest. */
export const quantizations = ['f64', 'f32', 'f16', 'bf16', 'i8', 'b1'] as const;
export type Quantization = (typeof quantizations)[number];

/**
 * What a definition that leaves it out gets, by ClickHouse's page on
 * [exact and approximate vector search](https://clickhouse.com/docs/engines/table-engines/mergetree-family/annindexes).
 */
export const indexDefaults = {
  quantization: 'bf16',
  m: 32,
  efConstruction: 128,
  granularity: 100_000_000,
} as const satisfies Partial<VectorIndex>;

/** What an `m` of 0 gets: by that page 32, but by the size of what ClickHouse 26.7 builds, 16. */
const mOfZero = 16;

/** A `vector_similarity` index as its table defines it. */
export interface VectorIndex {
  database: string;
  table: string;
  name: string;
  /** The column's name; an expression over it, which no search would use, as ClickHouse writes it. */
  column: string;
  distance: Distance;
  dimensions: number;
  quantization: Quantization;
  /** `hnsw_max_connections_per_layer` */
  m: number;
  /** `hnsw_candidate_list_size_for_construction` */
  efConstruction: number;
  /** In granules of the table: how many one graph takes at most. */
  granularity: number;
}

/** Writes the type of an index for SQL. */
export function indexTypeSql({
  distance,
  dimensions,
  quantization,
  m,
  efConstruction,
}: Omit<IndexParameters, 'granularity'> & Pick<VectorIndex, 'dimensions'>): string {
  return `vector_similarity('hnsw', '${distance}', ${dimensions}, '${quantization}', ${m}, ${efConstruction})`;
}

/** What a user chooses of an index. */
export type IndexParameters = Pick<VectorIndex, 'distance' | 'quantization' | 'm' | 'efConstruction' | 'granularity'>;

/**
 * Reads the definitions of vector indexes from `system.data_skipping_indices`: all, or those of a table, or of a column
 * in it. Those that ClickHouse wrote before 25.1, which name no dimensions, are left out.
 *
 * @throws QueryError (`QUERY_FAILED`)
 */
export async function readVectorIndexes(
  engine: Engine,
  { table, column, signal }: { table?: TableName; column?: string; signal?: AbortSignal } = {},
): Promise<VectorIndex[]> {
  const rows = await engine.rows<IndexRow>(
    `SELECT database, table, name, type_full AS typeFull, expr, granularity
    FROM system.data_skipping_indices
    WHERE type = 'vector_similarity'
        ${table === undefined ? '' : 'AND database = {database:String} AND table = {table:String}'}
    ORDER BY database, table, name`,
    {
      ...(table && { params: { database: table.database, table: table.table } }),
      signal,
    },
  );
  const indexes = rows.flatMap((row) => parseIndex(row) ?? []);
  return column === undefined ? indexes : indexes.filter((index) => index.column === column);
}

interface IndexRow {
  database: string;
  table: string;
  name: string;
  typeFull: string;
  expr: string;
  granularity: number;
}

const typePattern =
  /^vector_similarity\('hnsw', '(?<distance>\w+)', (?<dimensions>\d+)(?:, '(?<quantization>\w+)', (?<m>\d+), (?<ef>\d+))?\)$/;

function parseIndex({ typeFull, expr, ...row }: IndexRow): VectorIndex | undefined {
  const found = typePattern.exec(typeFull)?.groups;
  const distance = distances.find((known) => known === found?.['distance']);
  const quantization = found?.['quantization'] ?? indexDefaults.quantization;
  const known = quantizations.find((each) => each === quantization);
  if (found === undefined || distance === undefined || known === undefined) return undefined;
  return {
    ...row,
    column: unquoteIdentifier(expr.replace(/^\((.*)\)$/s, '$1')),
    distance,
    dimensions: Number(found['dimensions']),
    quantization: known,
    m: Number(found['m'] ?? indexDefaults.m) || mOfZero,
    efConstruction: Number(found['ef'] ?? 0) || indexDefaults.efConstruction,
  };
}
