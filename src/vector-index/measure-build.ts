import type { Engine } from '../engine/engine.ts';
import { indexTypeSql, type Quantization, type VectorIndex } from './vector-index.ts';

/** What a measured build says about a larger one. */
export interface MeasuredBuild {
  /** Vectors in the sample. */
  sampleRows: number;
  sampleSeconds: number;
  /** The time that a graph of so many vectors will take, in seconds. */
  secondsFor: (rows: number) => number;
}

export interface MeasureBuildOptions extends Pick<VectorIndex, 'distance' | 'dimensions' | 'm' | 'efConstruction'> {
  quantizations: readonly Quantization[];
  signal: AbortSignal;
  /** Called before each build. */
  onBuild?: (quantization: Quantization) => void;
}

/** The larger is what ClickHouse gives to all threads at a time; the smaller tells how the work grows. */
export const sampleRows = { small: 2048, large: 8192 };

/** Made at a time: for each, ClickHouse has a copy of all directions in memory. */
const computedRows = 256;

const repeatBelowSeconds = 3;

const sampleTables = { small: 'embedhouse_sample_small', large: 'embedhouse_sample' };

/**
 * Builds an index of each quantization over a sample of vectors and tells from the work that ClickHouse counts how long
 * a larger one takes. The distances computed for a vector grow with the logarithm of the graph's size (Malkov and
 * Yashunin, https://arxiv.org/abs/1603.09320, section 4.2.2): a straight line through the two samples gives their number,
 * and the larger sample's time that of one. The engine must be one that nobody else uses: it counts for all.
 *
 * @throws QueryError (`QUERY_FAILED`); `QUERY_CANCELLED`
 */
export async function measureBuild(
  engine: Engine,
  options: MeasureBuildOptions,
): Promise<Map<Quantization, MeasuredBuild>> {
  const { signal } = options;
  for (const size of ['small', 'large'] as const) {
    await engine.run(
      // A wide part: in a compact one ClickHouse builds each index again that the table has.
      `CREATE TABLE ${sampleTables[size]} (vector Array(Float32)) ENGINE = MergeTree ORDER BY tuple()
      SETTINGS min_bytes_for_wide_part = 0;
      INSERT INTO ${sampleTables[size]} ${selectSample(options.dimensions)} LIMIT ${sampleRows[size]}
      SETTINGS max_block_size = ${computedRows}, min_insert_block_size_rows = ${sampleRows.large}, min_insert_block_size_bytes = 0`,
      { signal },
    );
  }
  const measured = new Map<Quantization, MeasuredBuild>();
  for (const quantization of options.quantizations) {
    options.onBuild?.(quantization);
    const small = await build(engine, sampleTables.small, { ...options, quantization });
    const large = await build(engine, sampleTables.large, { ...options, quantization });
    if (large.seconds < repeatBelowSeconds) {
      // What else the machine does makes a build slower, never faster.
      const again = await build(engine, sampleTables.large, { ...options, quantization });
      large.seconds = Math.min(large.seconds, again.seconds);
    }
    const growth = (large.distances - small.distances) / Math.log2(sampleRows.large / sampleRows.small);
    measured.set(quantization, {
      sampleRows: sampleRows.large,
      sampleSeconds: large.seconds,
      secondsFor: (rows) => {
        const distances = Math.max(0, large.distances + growth * Math.log2(rows / sampleRows.large));
        return (large.seconds / sampleRows.large) * (distances / large.distances) * rows;
      },
    });
  }
  return measured;
}

/**
 * Makes vectors that lie as embeddings do: in clusters, and with far fewer independent directions than dimensions. Vectors
 * of independent random numbers would all be equally far from one another, and take several times the work.
 */
function selectSample(dimensions: number): string {
  const random = (...seeds: string[]): string => `(sipHash64(${seeds.join(', ')}) / pow(2, 64) - 0.5)`;
  const directions = 24;
  const clusters = 500;
  const base = `arrayMap(j -> toFloat32(${random('i', 'j')}), range(${directions}))`;
  return `WITH
    arrayMap(i -> ${base}, range(${dimensions})) AS bases,
    arrayMap(j -> toFloat32(${random('number', 'j', '1')} + ${random(`number % ${clusters}`, 'j', '2')}),
      range(${directions})) AS position
  SELECT arrayMap((base, i) -> toFloat32(dotProduct(position, base) + 0.1 * ${random('number', 'i', '3')}),
    bases, range(${dimensions}))
  FROM numbers(${sampleRows.large})`;
}

async function build(
  engine: Engine,
  table: string,
  options: MeasureBuildOptions & { quantization: Quantization },
): Promise<{ seconds: number; distances: number }> {
  const before = await countDistances(engine);
  const { signal } = options;
  await engine.run(`ALTER TABLE ${table} ADD INDEX sample vector TYPE ${indexTypeSql(options)}`, { signal });
  const begin = performance.now();
  await engine.run(`ALTER TABLE ${table} MATERIALIZE INDEX sample SETTINGS mutations_sync = 2`, { signal });
  const seconds = (performance.now() - begin) / 1000;
  const [rows] = await engine.rows<{ rows: number }>(`SELECT count() AS rows FROM ${table}`, { signal });
  const distances = ((await countDistances(engine)) - before) / (rows?.rows ?? 1);
  await engine.run(`ALTER TABLE ${table} DROP INDEX sample`, { signal });
  return { seconds, distances };
}

async function countDistances(engine: Engine): Promise<number> {
  const [row] = await engine.rows<{ value: number }>(
    "SELECT value FROM system.events WHERE event = 'USearchAddComputedDistances'",
  );
  return row?.value ?? 0;
}
