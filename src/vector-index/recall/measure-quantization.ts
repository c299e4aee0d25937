import type { Engine } from '../../engine/engine.ts';
import type { Quantization, VectorIndex } from '../vector-index.ts';
import { explainsIndex } from './explain-search.ts';
import { measureIndex } from './measure-index.ts';
import { searchLimit, type ExactAnswers, type Measurement } from './measure-searches.ts';
import { readDiskBytes } from './read-disk-bytes.ts';
import type { MeasuredIndex } from './recall-report.ts';
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

/** Builds an index of a quantization on the sample, and measures it. @throws QueryError (`QUERY_FAILED`) */
export async function measureQuantization(measurement: Measurement, work: QuantizationWork): Promise<void> {
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
  const diskBytes = await readDiskBytes(engine, copy.table, { index: name, signal });
  const target = { ...work.target, tableSql, indexName: name };
  const memoryBytes = await measureMemory(measurement, { target, variant: defaults });
  const index: MeasuredIndex = {
    name,
    quantization: name,
    m,
    efConstruction,
    diskBytes,
    ...(memoryBytes > 0 && { memoryBytes }),
    buildSeconds,
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
  const [row] = await engine.rows<{ value: number }>(
    "SELECT value FROM system.metrics WHERE metric = 'VectorSimilarityIndexCacheBytes'",
    { signal },
  );
  return row?.value ?? 0;
}
