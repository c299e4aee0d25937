import type { Engine } from '../../engine/engine.ts';
import { buildIndex } from '../build-index.ts';
import type { FoundTable } from '../find-table.ts';
import { readCoverage } from '../index-coverage.ts';
import { indexDefaults, indexTypeSql, type Quantization, type VectorIndex } from '../vector-index.ts';
import { explainsIndex } from './explain-search.ts';
import { measureIndex } from './measure-index.ts';
import { searchLimit, type ExactAnswers, type Measurement } from './measure-searches.ts';
import type { MeasuredIndex, SearchResult } from './recall-report.ts';
import { linkSample, type Sample } from './sample-table.ts';
import type { SearchTarget } from './search-target.ts';
import type { SearchVariant } from './search-variant.ts';

/** What indexes have in common that differ in quantization. */
export type IndexShape = Pick<VectorIndex, 'distance' | 'm' | 'efConstruction'>;

export interface QuantizationWork {
  quantization: Quantization;
  shape: IndexShape;
  sample: Sample;
  /** A search of the sample, where there is no index yet. */
  target: SearchTarget;
  exact: ExactAnswers;
  variants: readonly SearchVariant[];
  defaults: SearchVariant;
  /** Gets the index when it is built; its results come one by one. */
  keep: (index: MeasuredIndex) => void;
}

/**
 * Builds an index of a quantization on the sample, and measures it.
 *
 * @throws EmbedhouseError `INDEX_REFUSED` when ClickHouse cannot build it; QueryError (`QUERY_FAILED`)
 */
export async function measureQuantization(measurement: Measurement, work: QuantizationWork): Promise<void> {
  const { engine, signal } = measurement;
  const { quantization, shape, sample, exact, variants, defaults, keep } = work;
  // A table for each, so that no index leaves ClickHouse's cache while the next one's size in it is measured.
  const { table, vectorSql, dimensions } = await linkSample(engine, sample, { name: quantization, signal });
  const { database, sql: tableSql } = table;
  const { distance, m, efConstruction } = shape;
  const index: VectorIndex = {
    database,
    table: table.table,
    name: quantization,
    column: vectorSql,
    distance,
    dimensions,
    quantization,
    m,
    efConstruction,
    granularity: indexDefaults.granularity,
  };
  const add = `ADD INDEX ${quantization} ${vectorSql} TYPE ${indexTypeSql(index)}`;
  await engine.run(`ALTER TABLE ${tableSql} ${add}`, { signal });
  const buildSeconds = await build(measurement, { table, index });
  const { coverage } = await readCoverage(engine, table, [index], signal);
  const target = { ...work.target, tableSql, indexName: quantization };
  const memoryBytes = await measureMemory(measurement, { target, variant: defaults });
  const results: SearchResult[] = [];
  keep({
    name: quantization,
    quantization,
    m,
    efConstruction,
    diskBytes: coverage[0]?.diskBytes ?? 0,
    ...(memoryBytes > 0 && { memoryBytes }),
    buildSeconds,
    results,
  });
  await measureIndex(measurement, { table, target, exact, variants, defaults, results });
}

/** Builds, and answers how long that took; it is asked for twice a second, or so. */
async function build(
  { engine, clock, signal }: Measurement,
  { table, index }: { table: FoundTable; index: VectorIndex },
): Promise<number> {
  clock.step(`building ${index.name}`);
  const startedMs = performance.now();
  await clock.count('build', async () =>
    buildIndex(engine, {
      table,
      index,
      indexes: [index],
      signal,
      onProgress: ({ doneVectors, totalVectors }) =>
        clock.step(`building ${index.name}, ${Math.floor((doneVectors / totalVectors) * 100)} %`),
    }),
  );
  return (performance.now() - startedMs) / 1000;
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
  const [row] = await engine.rows<{ value: number }>(
    "SELECT value FROM system.metrics WHERE metric = 'VectorSimilarityIndexCacheBytes'",
    { signal },
  );
  return row?.value ?? 0;
}
