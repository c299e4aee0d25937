import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { readCoverage } from '../index-coverage.ts';
import { explainsIndex, whyUnused } from './explain-search.ts';
import { findRecallSubject, type RecallSubject } from './find-recall-subject.ts';
import { measureIndex } from './measure-index.ts';
import { measureExact, searchLimit, type Measurement } from './measure-searches.ts';
import { ProgressClock } from './progress-clock.ts';
import type { RecallReport } from './recall-report.ts';
import { prepareVectors, type FilteredRecallRequest } from './recall-request.ts';
import { refuseSql } from './refuse-sql.ts';
import { untilInterrupted } from './until-interrupted.ts';
import { where, type SearchTarget } from './search-target.ts';
import { planVariants, readSearchDefaults } from './search-variant.ts';

/**
 * Measures how much of the exact answer a table's vector index finds, and how long both take, for each setting of the
 * search. When it is stopped, the report has what was measured till then.
 *
 * @throws EmbedhouseError `USAGE`; `INDEX_UNMEASURABLE` for an index that ClickHouse does not use; `CANCELLED`
 *   when it is stopped before there is a figure; QueryError (`QUERY_FAILED`)
 */
export async function measureRecall(engine: Engine, request: FilteredRecallRequest): Promise<RecallReport> {
  const { k, filter = '', signal, onProgress = () => {} } = request;
  return untilInterrupted(signal, async (keep) => {
    const subject = await findRecallSubject(engine, request, signal);
    const { table, column, index } = subject;
    const defaults = await readSearchDefaults(engine, signal);
    const target = targetOf(subject, filter);
    const { rows, matchingRows } = await countRows(engine, target, signal);
    const vectors = await prepareVectors(engine, target, { request, rows, dimensions: index.dimensions, defaults });
    const variants = planVariants({ ...request, hasFilter: filter !== '', defaults });
    const totals = { exact: vectors.length, search: vectors.length * variants.length, build: 0 };
    const measurement: Measurement = { engine, k, vectors, clock: new ProgressClock(totals, onProgress), signal };
    await requireIndexUse(measurement, subject, target);

    measurement.clock.step('exact search');
    const exact = await measureExact(measurement, target);
    const report: RecallReport = {
      table: `${table.database}.${table.table}`,
      column: column.name,
      distance: index.distance,
      dimensions: index.dimensions,
      rows,
      isSample: false,
      k,
      queries: vectors.length,
      ...(request.queryVectors !== undefined && { queryVectors: request.queryVectors }),
      ...(filter !== '' && { filter, matchingRows }),
      exact: exact.latency,
      indexes: [],
      leftOut: [],
      isInterrupted: false,
    };
    const { name, quantization, m, efConstruction } = index;
    const { coverage } = await readCoverage(engine, table, [index], signal);
    const diskBytes = coverage[0]?.diskBytes ?? 0;
    const results: RecallReport['indexes'][number]['results'] = [];
    report.indexes.push({ name, quantization, m, efConstruction, diskBytes, results });
    keep(report);
    await measureIndex(measurement, { table, target, exact, variants, defaults, results });
    return report;
  });
}

function targetOf({ table, column, index, allIndexes }: RecallSubject, filter: string): SearchTarget {
  return {
    tableSql: table.sql,
    columnSql: column.sql,
    columnType: column.type,
    distance: index.distance,
    indexName: index.name,
    ignoredIndexes: allIndexes.map(({ name }) => name).filter((name) => name !== index.name),
    filter,
    rowKey: ['_part', '_part_offset'],
  };
}

async function countRows(
  engine: Engine,
  { tableSql, filter }: SearchTarget,
  signal: AbortSignal,
): Promise<{ rows: number; matchingRows: number }> {
  const count = async (condition: string): Promise<number> => {
    const [row] = await engine.rows<{ rows: number }>(`SELECT count() AS rows FROM ${tableSql}${where(condition)}`, {
      signal,
    });
    return row?.rows ?? 0;
  };
  const rows = await count('');
  if (filter === '') {
    return { rows, matchingRows: rows };
  }
  const matchingRows = await refuseSql(`the filter (${filter})`, async () => count(filter));
  if (matchingRows === 0) {
    throw new EmbedhouseError('USAGE', `no row fulfils the filter (${filter})`);
  }
  return { rows, matchingRows };
}

/** Before the long work: with a filter the index must be of use where ClickHouse is told to use it. */
async function requireIndexUse(
  measurement: Measurement,
  { table }: RecallSubject,
  target: SearchTarget,
): Promise<void> {
  const { engine, vectors, signal } = measurement;
  const [vector] = vectors;
  if (vector === undefined) {
    return;
  }
  const variant = { ef: 256, rescoring: false, fetchMultiplier: 1, filterStrategy: 'postfilter' } as const;
  const question = { target, variant, vector, limit: searchLimit(measurement), signal };
  if (!(await explainsIndex(engine, question))) {
    throw await whyUnused(engine, table, question);
  }
}
