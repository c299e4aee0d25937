import type { Engine } from '../../../src/engine/engine.ts';
import type { RecallRequest } from '../../../src/vector-index/recall/recall-request.ts';
import type { Distance, Quantization } from '../../../src/vector-index/vector-index.ts';
import { insertVectors } from '../tables.ts';

export const dimensions = 32;

/** Makes a table `(id, v)` of vectors that are hard to search: all directions alike, and few links in the graph. */
export async function makeTable(
  engine: Engine,
  table: string,
  options: { rows: number; distance?: Distance; quantization?: Quantization; m?: number } = { rows: 3000 },
): Promise<void> {
  const { rows, distance = 'cosineDistance', quantization = 'f32', m = 8 } = options;
  await engine.run(`
    CREATE OR REPLACE TABLE ${table} (
        id UInt64, v Array(Float32),
        INDEX v_index v TYPE vector_similarity('hnsw', '${distance}', ${dimensions}, '${quantization}', ${m}, 32)
    ) ENGINE = MergeTree ORDER BY id SETTINGS index_granularity = 512`);
  await insertVectors(engine, table, { rows, dimensions });
}

/** A request with few queries. */
export const requestFor = (table: string, rest: Partial<RecallRequest> = {}): RecallRequest => ({
  table,
  column: 'v',
  k: 10,
  queries: 20,
  efs: [16],
  fetchMultipliers: [1],
  signal: new AbortController().signal,
  ...rest,
});
