import type { Engine } from '../../src/engine/engine.ts';

/** Inserts rows `(id, vector)` as one part; each vector is the same in every run, and no two are alike. */
export async function insertVectors(
  engine: Engine,
  table: string,
  { rows, dimensions, from = 0 }: { rows: number; dimensions: number; from?: number },
): Promise<void> {
  await engine.run(`
    INSERT INTO ${table} (id, v)
    SELECT number, arrayMap(i -> toFloat32(sipHash64(number, i) / pow(2, 64) - 0.5), range(${dimensions}))
    FROM numbers(${from}, ${rows})
    SETTINGS max_block_size = ${rows}, min_insert_block_size_rows = ${rows}`);
}
