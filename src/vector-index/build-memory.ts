import type { Engine } from '../engine/engine.ts';
import type { Part } from './index-coverage.ts';
import { indexMemoryBytes } from './index-size.ts';
import type { VectorIndex } from './vector-index.ts';

/** What a build has in memory at its worst. */
export interface BuildMemory {
  /** Graphs that are built at the same time, each of one part. */
  graphs: number;
  /** By ClickHouse's formula, which leaves out what is allocated ahead. */
  bytes: number;
}

/**
 * Says how much memory the largest graphs take that are built at the same time: the parts of a mutation are worked on in
 * the background, as many together as the engine has threads for it.
 *
 * @throws QueryError (`QUERY_FAILED`)
 */
export async function readBuildMemory(
  engine: Engine,
  index: VectorIndex,
  parts: readonly Part[],
): Promise<BuildMemory> {
  const [row] = await engine.rows<{ value: number }>(
    "SELECT value FROM system.metrics WHERE metric = 'BackgroundMergesAndMutationsPoolSize'",
  );
  const largest = parts
    .map(({ rows }) => indexMemoryBytes({ ...index, rows }))
    .toSorted((a, b) => b - a)
    .slice(0, Math.max(1, row?.value ?? 1));
  return { graphs: largest.length, bytes: largest.reduce((sum, bytes) => sum + bytes, 0) };
}
