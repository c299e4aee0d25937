import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { Quantization } from '../vector-index.ts';
import { chooseRows, noDirection, selectVectors } from './query-vectors.ts';
import type { RecallProgress } from './recall-report.ts';
import type { QueryVector } from './run-search.ts';
import type { SearchTarget } from './search-target.ts';
import type { SearchDefaults } from './search-variant.ts';

/** What to measure, and how thoroughly. */
export interface RecallRequest {
  table: string;
  column: string;
  /** Which index of the column; needed where it has several. */
  index?: string;
  /** How many neighbours a search asks for. */
  k: number;
  /** How many vectors to search for. */
  queries: number;
  /** A query for the vectors; without it they are rows of the table, each without itself as an answer. */
  queryVectors?: string;
  /** Values of `hnsw_candidate_list_size_for_search`; the default is always measured, too. */
  efs: readonly number[];
  /** Values of `vector_search_index_fetch_multiplier`. */
  fetchMultipliers: readonly number[];
  signal: AbortSignal;
  onProgress?: (progress: RecallProgress) => void;
}

export interface FilteredRecallRequest extends RecallRequest {
  /** A condition in SQL that all searches have. */
  filter?: string;
}

export interface QuantizationRequest extends RecallRequest {
  quantizations: readonly Quantization[];
  /** How many rows to copy at most. */
  sampleRows: number;
}

/**
 * Gets the vectors to search for, once k is known to be possible.
 *
 * @throws EmbedhouseError `USAGE`; QueryError (`QUERY_FAILED`)
 */
export async function prepareVectors(
  engine: Engine,
  target: SearchTarget,
  options: { request: RecallRequest; rows: number; dimensions: number; defaults: SearchDefaults },
): Promise<QueryVector[]> {
  const { request, rows, dimensions, defaults } = options;
  const { k, queries: count, queryVectors, signal } = request;
  // A row of the table is no answer to itself: one more is asked for.
  const limit = queryVectors === undefined ? k + 1 : k;
  const ownRow = limit > k ? ' and the row that is searched for' : '';
  if (limit > rows) {
    throw new EmbedhouseError(
      'USAGE',
      `there are ${rows} rows to search, too few for --k ${k}${ownRow}; give a smaller --k`,
    );
  }
  if (limit > defaults.maxLimit) {
    throw new EmbedhouseError(
      'USAGE',
      `for --k ${k}${ownRow} a search has LIMIT ${limit}, and ClickHouse uses no vector index above max_limit_for_vector_search_queries, which is ${defaults.maxLimit}; give a smaller --k`,
    );
  }
  const vectors =
    queryVectors === undefined
      ? await chooseRows(engine, target, { count, signal })
      : await selectVectors(engine, queryVectors, { columnType: target.columnType, dimensions, count, signal });
  if (vectors.length === 0) {
    throw new EmbedhouseError('USAGE', `column ${target.columnSql} has ${noDirection}`);
  }
  return vectors;
}
