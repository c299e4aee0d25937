import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { findColumn, findTable, type FoundColumn, type FoundTable } from '../find-table.ts';
import { indexDefaults, readVectorIndexes, type Quantization, type VectorIndex } from '../vector-index.ts';
import { explainsIndex } from './explain-search.ts';
import { findRecallSubject } from './find-recall-subject.ts';
import { measureIndex, readIndexBytes } from './measure-index.ts';
import { measureExact, searchLimit, type ExactAnswers, type Measurement } from './measure-searches.ts';
import { ProgressClock } from './progress-clock.ts';
import { readRows } from './read-rows.ts';
import type { MeasuredIndex, RecallReport } from './recall-report.ts';
import { prepareVectors, type QuantizationRequest } from './recall-request.ts';
import { copySample, linkSample, type Sample } from './sample-table.ts';
import { withScratchDatabase } from './scratch-database.ts';
import type { SearchTarget } from './search-target.ts';
import { planVariants, readSearchDefaults, type SearchVariant } from './search-variant.ts';
import { untilInterrupted } from './until-interrupted.ts';

type IndexShape = Pick<VectorIndex, 'distance' | 'm' | 'efConstruction'>;

/**
 * Builds an index of each quantization on a sample of a table's vectors, and measures what each costs and finds. The
 * rest is as in the column's own index, or ClickHouse's default where it has none. When it is stopped, the report has
 * what was measured till then; the sample is removed in any case.
 *
 * @throws EmbedhouseError `USAGE`; `CANCELLED` when it is stopped before there is a figure; QueryError (`QUERY_FAILED`)
 */
export async function compareQuantizations(engine: Engine, request: QuantizationRequest): Promise<RecallReport> {
  const { signal } = request;
  return untilInterrupted(signal, async (keep) => {
    const { table, column, shape } = await findShape(engine, request);
    const defaults = await readSearchDefaults(engine, signal);
    return withScratchDatabase(engine, signal, async (database) => {
      request.onProgress?.({ step: 'copying a sample', done: 0, total: 0, secondsLeft: undefined });
      const sample = await copySample(engine, { from: { table, column }, into: database, ...request });
      const possible = request.quantizations.filter((each) => whyImpossible(each, shape, sample) === undefined);
      const leftOut = request.quantizations.flatMap((quantization) => {
        const reason = whyImpossible(quantization, shape, sample);
        return reason === undefined ? [] : [{ quantization, reason }];
      });
      if (possible.length === 0) {
        const [first] = leftOut;
        throw new EmbedhouseError(
          'USAGE',
          `no index of the quantization ${first?.quantization} is possible: ${first?.reason}`,
        );
      }
      const target = targetIn(sample, column, shape);
      const vectors = await prepareVectors(engine, target, { request, ...sample, defaults });
      const variants = planVariants({ ...request, hasFilter: false, defaults });
      const totals = {
        exact: vectors.length,
        search: vectors.length * variants.length * possible.length,
        build: possible.length,
      };
      const clock = new ProgressClock(totals, request.onProgress ?? (() => {}));
      const measurement: Measurement = { engine, k: request.k, vectors, clock, signal };
      clock.step('exact search');
      const exact = await measureExact(measurement, target);
      const report: RecallReport = {
        table: `${table.database}.${table.table}`,
        column: column.name,
        distance: shape.distance,
        dimensions: sample.dimensions,
        rows: sample.rows,
        sampleRows: sample.rows,
        k: request.k,
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
          ...{ quantization, shape, sample, target, exact, variants, defaults },
          keep: (index) => report.indexes.push(index),
        });
      }
      return report;
    });
  });
}

async function findShape(
  engine: Engine,
  request: QuantizationRequest,
): Promise<{ table: FoundTable; column: FoundColumn; shape: IndexShape }> {
  const { signal } = request;
  const table = await findTable(engine, request.table, signal);
  const column = await findColumn(engine, table, request.column, signal);
  const indexes = await readVectorIndexes(engine, { table, column: column.name, signal });
  if (indexes.length === 0 && request.index === undefined) {
    const { m, efConstruction } = indexDefaults;
    return { table, column, shape: { distance: 'cosineDistance', m, efConstruction } };
  }
  const { index } = await findRecallSubject(engine, request, signal);
  return { table, column, shape: index };
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

function targetIn(
  { tableSql, vectorSql, rowKey }: Sample,
  { type }: FoundColumn,
  { distance }: IndexShape,
): SearchTarget {
  const none = { indexName: '', ignoredIndexes: [], filter: '' };
  return { tableSql, columnSql: vectorSql, columnType: type, distance, rowKey: [rowKey], ...none };
}

interface QuantizationWork {
  quantization: Quantization;
  shape: IndexShape;
  sample: Sample;
  target: SearchTarget;
  exact: ExactAnswers;
  variants: readonly SearchVariant[];
  defaults: SearchVariant;
  keep: (index: MeasuredIndex) => void;
}

async function measureQuantization(measurement: Measurement, work: QuantizationWork): Promise<void> {
  const { engine, clock, signal } = measurement;
  const { quantization: name, shape, sample, exact, variants, defaults } = work;
  const { distance, m, efConstruction } = shape;
  clock.step(`building ${name}`);
  // A table for each, so that no index leaves ClickHouse's cache while the next one's size in it is measured.
  const copy = await linkSample(engine, sample, { name, signal });
  const { tableSql, vectorSql, dimensions } = copy;
  const type = `vector_similarity('hnsw', '${distance}', ${dimensions}, '${name}', ${m}, ${efConstruction})`;
  await engine.run(`ALTER TABLE ${tableSql} ADD INDEX ${name} ${vectorSql} TYPE ${type}`, { signal });
  const startedMs = performance.now();
  await clock.count('build', async () =>
    engine.run(`ALTER TABLE ${tableSql} MATERIALIZE INDEX ${name} SETTINGS mutations_sync = 2`, { signal }),
  );
  const buildSeconds = (performance.now() - startedMs) / 1000;
  const diskBytes = await readIndexBytes(engine, copy.table, { index: name, signal });
  const target = { ...work.target, tableSql, indexName: name };
  const memoryBytes = await measureMemory(measurement, { target, variant: defaults });
  const index: MeasuredIndex = {
    ...{ name, quantization: name, m, efConstruction, diskBytes, buildSeconds },
    ...(memoryBytes > 0 && { memoryBytes }),
    results: [],
  };
  work.keep(index);
  const { results } = index;
  await measureIndex(measurement, { table: copy.table, target, exact, variants, defaults, results });
}

/** How much larger ClickHouse's cache gets when a plan loads the index into it. */
async function measureMemory(
  measurement: Measurement,
  { target, variant }: { target: SearchTarget; variant: SearchVariant },
): Promise<number> {
  const { engine, vectors, signal } = measurement;
  const before = await readCachedBytes(engine, signal);
  for (const vector of vectors.slice(0, 1)) {
    await explainsIndex(engine, { target, variant, vector, limit: searchLimit(measurement), signal });
  }
  return (await readCachedBytes(engine, signal)) - before;
}

async function readCachedBytes(engine: Engine, signal: AbortSignal): Promise<number> {
  const [row] = await readRows<{ value: number }>(
    engine,
    "SELECT value FROM system.metrics WHERE metric = 'VectorSimilarityIndexCacheBytes'",
    { signal },
  );
  return Number(row?.value ?? 0);
}
