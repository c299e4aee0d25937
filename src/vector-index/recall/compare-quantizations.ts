import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { findVectorColumn, type VectorColumn } from '../vector-column.ts';
import { indexDefaults, readVectorIndexes, type Quantization } from '../vector-index.ts';
import { findRecallSubject } from './find-recall-subject.ts';
import { measureExact, type Measurement } from './measure-searches.ts';
import { measureQuantization, type IndexShape } from './measure-quantization.ts';
import { ProgressClock } from './progress-clock.ts';
import type { RecallReport } from './recall-report.ts';
import { prepareVectors, type QuantizationRequest } from './recall-request.ts';
import { copySample, type Sample } from './sample-table.ts';
import { withScratchDatabase } from './scratch-database.ts';
import type { SearchTarget } from './search-target.ts';
import { planVariants, readSearchDefaults } from './search-variant.ts';
import { untilInterrupted } from './until-interrupted.ts';

/**
 * Builds an index of each quantization on a sample of a table's vectors, and measures what each costs and finds. The
 * rest is as in the column's own index, or ClickHouse's default where it has none. When it is stopped, the report has
 * what was measured till then; the sample is removed in any case.
 *
 * @throws EmbedhouseError `USAGE`; `INDEX_REFUSED` for a column that can have no index; `CANCELLED` when it is stopped
 *   before there is a figure; QueryError (`QUERY_FAILED`)
 */
export async function compareQuantizations(engine: Engine, request: QuantizationRequest): Promise<RecallReport> {
  return untilInterrupted(request.signal, async (keep) => {
    const { vectorColumn, shape } = await findShape(engine, request);
    return withScratchDatabase(engine, request.signal, async (database) => {
      request.onProgress?.({ step: 'copying a sample', done: 0, total: 0, secondsLeft: undefined });
      const sample = await copySample(engine, { ...request, from: vectorColumn, into: database });
      return compareOn(engine, { request, vectorColumn, shape, sample, keep });
    });
  });
}

interface Comparison {
  request: QuantizationRequest;
  vectorColumn: VectorColumn;
  shape: IndexShape;
  sample: Sample;
  keep: (report: RecallReport) => void;
}

async function compareOn(
  engine: Engine,
  { request, vectorColumn, shape, sample, keep }: Comparison,
): Promise<RecallReport> {
  const { k, signal, quantizations, onProgress = () => {} } = request;
  const { table, column } = vectorColumn;
  const { possible, leftOut } = sortOut(quantizations, shape, sample);
  const defaults = await readSearchDefaults(engine, signal);
  const target: SearchTarget = {
    tableSql: sample.table.sql,
    columnSql: sample.vectorSql,
    columnType: column.type,
    distance: shape.distance,
    indexName: '',
    ignoredIndexes: [],
    filter: '',
    rowKey: [sample.rowKey],
  };
  const vectors = await prepareVectors(engine, target, { request, ...sample, defaults });
  const variants = planVariants({ ...request, hasFilter: false, defaults });
  const search = vectors.length * variants.length * possible.length;
  const clock = new ProgressClock({ exact: vectors.length, search, build: possible.length }, onProgress);
  const measurement: Measurement = { engine, k, vectors, clock, signal };
  clock.step('exact search');
  const exact = await measureExact(measurement, target);
  const report: RecallReport = {
    table: `${table.database}.${table.table}`,
    column: column.name,
    distance: shape.distance,
    dimensions: sample.dimensions,
    rows: sample.rows,
    isSample: true,
    k,
    queries: vectors.length,
    ...(request.queryVectors !== undefined && { queryVectors: request.queryVectors }),
    exact: exact.latency,
    indexes: [],
    leftOut,
    isInterrupted: false,
  };
  keep(report);
  for (const quantization of possible) {
    await measureQuantization(measurement, {
      quantization,
      shape,
      sample,
      target,
      exact,
      variants,
      defaults,
      keep: (index) => report.indexes.push(index),
    });
  }
  return report;
}

async function findShape(
  engine: Engine,
  request: QuantizationRequest,
): Promise<{ vectorColumn: VectorColumn; shape: IndexShape }> {
  const { signal } = request;
  const names = { tableName: request.table, columnName: request.column, signal };
  const vectorColumn = await findVectorColumn(engine, names);
  const { table, column } = vectorColumn;
  const indexes = await readVectorIndexes(engine, { table, column: column.name, signal });
  if (indexes.length === 0 && request.index === undefined) {
    const { m, efConstruction } = indexDefaults;
    return { vectorColumn, shape: { distance: 'cosineDistance', m, efConstruction } };
  }
  const { index } = await findRecallSubject(engine, request, signal);
  return { vectorColumn, shape: index };
}

function sortOut(
  quantizations: readonly Quantization[],
  shape: IndexShape,
  sample: Sample,
): { possible: Quantization[]; leftOut: RecallReport['leftOut'] } {
  const possible = quantizations.filter((each) => whyImpossible(each, shape, sample) === undefined);
  const leftOut = quantizations.flatMap((quantization) => {
    const reason = whyImpossible(quantization, shape, sample);
    return reason === undefined ? [] : [{ quantization, reason }];
  });
  const [first] = leftOut;
  if (possible.length === 0 && first !== undefined) {
    throw new EmbedhouseError('USAGE', `no index is possible: ${first.reason}`);
  }
  return { possible, leftOut };
}

/** As ClickHouse says when it is asked to create one. */
function whyImpossible(
  quantization: Quantization,
  { distance }: IndexShape,
  { dimensions }: Sample,
): string | undefined {
  if (quantization !== 'b1') {
    return undefined;
  }
  if (distance !== 'cosineDistance') {
    return `b1 is for cosineDistance only, and this is ${distance}`;
  }
  return dimensions % 8 === 0 ? undefined : `b1 needs a multiple of 8 dimensions, and there are ${dimensions}`;
}
