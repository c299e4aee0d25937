import type { Engine } from '../engine/engine.ts';
import { findTable, type TableName } from './find-table.ts';
import { readCoverage, type Coverage } from './index-coverage.ts';
import { indexMemoryBytes } from './index-size.ts';
import { readMutations } from './read-mutations.ts';
import { readVectorIndexes, type VectorIndex } from './vector-index.ts';

/** An index and where it is built. */
export interface IndexState extends VectorIndex {
  /** Parts of the table, and the rows in them, in which it is built, and in which it is not. */
  builtParts: number;
  missingParts: number;
  builtRows: number;
  missingRows: number;
  /** Its files, compressed. */
  diskBytes: number;
  /** What it takes to be searched, by ClickHouse's formula, for the rows in which it is built. */
  memoryBytes: number;
}

/** The vector similarity index cache of the engine, which holds the graphs that searches have loaded. */
export interface CacheState {
  usedBytes: number;
  graphs: number;
  /** `vector_similarity_index_cache_size` */
  maxBytes: number;
  /** Since the engine was started; of an embedded one, by this process. */
  hits: number;
  misses: number;
}

/** A change under way of a table with vector indexes. */
export interface RunningMutation {
  database: string;
  table: string;
  command: string;
  partsToDo: number;
  /** Why it failed last; '' when it did not. */
  failure: string;
}

export interface IndexStatus {
  indexes: IndexState[];
  cache: CacheState;
  mutations: RunningMutation[];
}

/**
 * Tells of the vector indexes of a table, or of all tables.
 *
 * @throws EmbedhouseError `USAGE` for a table that there is not; QueryError (`QUERY_FAILED`)
 */
export async function readIndexStatus(
  engine: Engine,
  { tableName, signal }: { tableName?: string; signal: AbortSignal },
): Promise<IndexStatus> {
  const table = tableName === undefined ? undefined : await findTable(engine, tableName, signal);
  const indexes = await readVectorIndexes(engine, { ...(table && { table }), signal });
  // Each table once, by its first index.
  const tables = indexes.filter((index, at) => indexes.findIndex((other) => isSameTable(index, other)) === at);
  const states: IndexState[] = [];
  const mutations: RunningMutation[] = [];
  for (const first of tables) {
    const ofTable = indexes.filter((index) => isSameTable(index, first));
    const { coverage } = await readCoverage(engine, first, ofTable, signal);
    states.push(...coverage.map(stateOf));
    const running = await readMutations(engine, first, { signal });
    mutations.push(
      ...running.map(({ database, table, command, partsToDo, failure }) => ({
        database,
        table,
        command: command.replace(/^\((.*)\)$/s, '$1'),
        partsToDo: partsToDo.length,
        failure,
      })),
    );
  }
  return { indexes: states, cache: await readCache(engine, signal), mutations };
}

const isSameTable = (one: TableName, other: TableName): boolean =>
  one.database === other.database && one.table === other.table;

function stateOf({ index, built, missing, diskBytes }: Coverage): IndexState {
  const rowsIn = (parts: Coverage['built']): number => parts.reduce((sum, { rows }) => sum + rows, 0);
  return {
    ...index,
    builtParts: built.length,
    missingParts: missing.length,
    builtRows: rowsIn(built),
    missingRows: rowsIn(missing),
    diskBytes,
    memoryBytes: indexMemoryBytes({ ...index, rows: rowsIn(built) }),
  };
}

async function readCache(engine: Engine, signal: AbortSignal): Promise<CacheState> {
  const rows = await engine.rows<{ name: string; value: number }>(
    `SELECT metric AS name, value FROM system.metrics WHERE startsWith(metric, 'VectorSimilarityIndexCache')
    UNION ALL
    SELECT event, value FROM system.events WHERE startsWith(event, 'VectorSimilarityIndexCache')
    UNION ALL
    SELECT name, toInt64(value) FROM system.server_settings WHERE name = 'vector_similarity_index_cache_size'`,
    { signal },
  );
  const valueOf = (name: string): number => rows.find((row) => row.name === name)?.value ?? 0;
  return {
    usedBytes: valueOf('VectorSimilarityIndexCacheBytes'),
    graphs: valueOf('VectorSimilarityIndexCacheCells'),
    maxBytes: valueOf('vector_similarity_index_cache_size'),
    hits: valueOf('VectorSimilarityIndexCacheHits'),
    misses: valueOf('VectorSimilarityIndexCacheMisses'),
  };
}
