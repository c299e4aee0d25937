import { cachedBytes, columnBytes, indexFileBytes, indexMemoryBytes } from './index-size.ts';
import type { MeasuredBuild } from './measure-build.ts';
import type { Quantization } from './vector-index.ts';

export interface EstimateOptions {
  rows: number;
  dimensions: number;
  /** Columns of vectors, each with an index of its own. */
  columns: number;
  /** Of an element in the column: 4 for Float32. */
  elementBytes: number;
  m: number;
  /** Memory of one node, in bytes. */
  nodeBytes: number;
  quantizations: readonly Quantization[];
  /** Of builds on this machine, where they were measured. */
  measured?: ReadonlyMap<Quantization, MeasuredBuild>;
}

/** What indexes over all columns take together; in bytes and seconds. */
export interface IndexEstimate {
  quantization: Quantization;
  indexDiskBytes: number;
  /** To be searched, by ClickHouse's formula. */
  memoryBytes: number;
  /** What `vector_similarity_index_cache_size` must be in all, were each column one graph. */
  cacheBytes: number;
  /** Nodes among which rows are to be divided, so that each holds its indexes in memory. */
  nodes: number;
  /** To build all on one machine like this; absent where no build was measured. */
  buildSeconds?: number;
}

export interface Estimate {
  columnBytes: number;
  indexes: IndexEstimate[];
}

/** The part of a node's memory that indexes may take: ClickHouse itself keeps to 90 %, and queries need some. */
export const indexShareOfMemory = 0.8;

/** Says what vectors and their indexes take, by ClickHouse's formulas and a measured build. */
export function estimateIndex(options: EstimateOptions): Estimate {
  const { rows, dimensions, columns, m, nodeBytes } = options;
  return {
    columnBytes: columns * columnBytes(options),
    indexes: options.quantizations.map((quantization) => {
      const shape = { rows, dimensions, quantization, m };
      const memoryBytes = columns * indexMemoryBytes(shape);
      const nodes = Math.max(1, Math.ceil(memoryBytes / (nodeBytes * indexShareOfMemory)));
      const measured = options.measured?.get(quantization);
      // A graph is as large as its node's share of the rows.
      const buildSeconds = measured && columns * nodes * measured.secondsFor(rows / nodes);
      return {
        quantization,
        indexDiskBytes: Math.round(columns * indexFileBytes(shape)),
        memoryBytes,
        cacheBytes: columns * cachedBytes(shape),
        nodes,
        ...(buildSeconds !== undefined && { buildSeconds }),
      };
    }),
  };
}
