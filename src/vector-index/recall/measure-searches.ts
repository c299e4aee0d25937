import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { countHits, exactAnswer, type ExactAnswer } from './exact-answer.ts';
import { summarizeLatency, type Latency } from './latency.ts';
import type { ProgressClock } from './progress-clock.ts';
import type { SearchResult } from './recall-report.ts';
import { runSearch, type QueryVector, type Search } from './run-search.ts';
import {
  approximateSql,
  distanceSql,
  exactSql,
  rowNameSql,
  vectorParameter,
  type SearchTarget,
} from './search-target.ts';
import type { SearchVariant } from './search-variant.ts';

/** What all measurements of a run share. */
export interface Measurement {
  engine: Engine;
  k: number;
  vectors: readonly QueryVector[];
  clock: ProgressClock;
  signal: AbortSignal;
}

/** The exact answers to all query vectors. */
export interface ExactAnswers {
  answers: readonly ExactAnswer[];
  /** For each query vector the true distances of rows that have come up so far. */
  distances: readonly Map<string, number | null>[];
  latency: Latency;
}

/** A row is no answer to itself: where the vectors are rows of the table, one more is asked for. */
export const searchLimit = ({ k, vectors }: Pick<Measurement, 'k' | 'vectors'>): number =>
  vectors.some(({ ownRow }) => ownRow !== undefined) ? k + 1 : k;

/**
 * Searches for each vector among all rows.
 *
 * @throws EmbedhouseError `USAGE` when nothing is found; QueryError (`QUERY_FAILED`); `QUERY_CANCELLED`
 */
export async function measureExact(measurement: Measurement, target: SearchTarget): Promise<ExactAnswers> {
  const { k, vectors } = measurement;
  const searches = await runAll(measurement, exactSql(target, searchLimit(measurement)), 'exact');
  const answers = searches.map(({ found }, at) => exactAnswer(found, k, vectors[at]?.ownRow));
  if (answers.every(({ size }) => size === 0)) {
    throw new EmbedhouseError(
      'USAGE',
      `no search has an answer: all distances in ${target.columnSql} are NaN, or the filter leaves nothing`,
    );
  }
  return {
    answers,
    distances: searches.map(({ found }) => new Map(found.map(({ row, distance }) => [row, distance]))),
    latency: summarizeLatency(searches.map(({ milliseconds }) => milliseconds)),
  };
}

/**
 * Searches for each vector in one way, and compares with the exact answers.
 *
 * @throws EmbedhouseError `INDEX_UNMEASURABLE` when the table's rows have moved meanwhile; QueryError; `QUERY_CANCELLED`
 */
export async function measureVariant(
  measurement: Measurement,
  target: SearchTarget,
  { variant, exact }: { variant: SearchVariant; exact: ExactAnswers },
): Promise<Omit<SearchResult, 'usesIndex' | 'isDefault'>> {
  const { vectors } = measurement;
  const sql = approximateSql(target, variant, searchLimit(measurement));
  const searches = await runAll(measurement, sql, 'search');
  const recalls: number[] = [];
  let rows = 0;
  let lostRows = 0;
  for (const [at, { found }] of searches.entries()) {
    const answer = exact.answers[at];
    const vector = vectors[at];
    const known = exact.distances[at];
    if (answer === undefined || vector === undefined || known === undefined || answer.size === 0) {
      continue;
    }
    const others = found.map(({ row }) => row).filter((row) => row !== vector.ownRow);
    await readDistances(measurement, target, { vector, known, rows: others });
    const hits = countHits(
      others.map((row) => known.get(row) ?? null),
      answer,
      target.distance,
    );
    recalls.push(hits / answer.size);
    lostRows += vector.ownRow === undefined || found.some(({ row }) => row === vector.ownRow) ? 0 : 1;
    rows += Math.min(others.length, measurement.k);
  }
  const latency = summarizeLatency(searches.map(({ milliseconds }) => milliseconds));
  return {
    ...variant,
    ...latency,
    recall: recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length,
    meanRows: rows / recalls.length,
    ...(canBeLost(target, vectors) && { lostRows }),
    speedup: exact.latency.medianMs / latency.medianMs,
  };
}

/** Whether each vector's own row must be among the nearest: a row is not the one with the greatest product with itself. */
const canBeLost = ({ filter, distance }: SearchTarget, vectors: readonly QueryVector[]): boolean =>
  filter === '' && distance !== 'dotProduct' && vectors.every(({ ownRow }) => ownRow !== undefined);

/** The first search is run once before, to load the index, or the column, into the caches. */
async function runAll(
  { engine, vectors, clock, signal }: Measurement,
  sql: string,
  kind: 'exact' | 'search',
): Promise<Search[]> {
  const run = async (vector: QueryVector): Promise<Search> => runSearch(engine, sql, { vector, signal });
  for (const vector of vectors.slice(0, 1)) {
    await run(vector);
  }
  const searches: Search[] = [];
  for (const vector of vectors) {
    searches.push(await clock.count(kind, async () => run(vector)));
  }
  return searches;
}

/** Adds the true distances of rows that are not known yet: an index may answer with rows beyond the exact answer. */
async function readDistances(
  { engine, signal }: Measurement,
  target: SearchTarget,
  { vector, known, rows }: { vector: QueryVector; known: Map<string, number | null>; rows: readonly string[] },
): Promise<void> {
  const unknown = rows.filter((row) => !known.has(row));
  if (unknown.length === 0) {
    return;
  }
  const { rowKey, tableSql } = target;
  const keys = unknown.map((row) => row.split(' '));
  // Each column's values alone: ClickHouse then reads only their parts and granules. Of the combinations, some are not asked for.
  const conditions = rowKey.map(
    (column, at) => `${column} IN (${[...new Set(keys.map((key) => `'${key[at] ?? ''}'`))].join(', ')})`,
  );
  const found = await engine.rows<{ name: string; distance: number | null }>(
    `SELECT ${rowNameSql(target)} AS name, ${distanceSql(target)} AS distance
    FROM ${tableSql} WHERE ${conditions.join(' AND ')}`,
    { params: { [vectorParameter]: vector.base64 }, signal },
  );
  for (const { name, distance } of found) {
    known.set(name, distance);
  }
  if (unknown.some((row) => !known.has(row))) {
    throw new EmbedhouseError(
      'INDEX_UNMEASURABLE',
      `the table ${tableSql} changed while its index was measured: its rows are in other parts now; measure again when nothing is inserted, merged or built`,
    );
  }
}
