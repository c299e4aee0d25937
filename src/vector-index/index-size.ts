import type { Quantization } from './vector-index.ts';

export interface GraphShape {
  rows: number;
  dimensions: number;
  quantization: Quantization;
  m: number;
}

const bitsOf: Record<Quantization, number> = { f64: 64, f32: 32, f16: 16, bf16: 16, i8: 8, b1: 1 };

const vectorBytes = ({ dimensions, quantization }: Pick<GraphShape, 'dimensions' | 'quantization'>): number =>
  Math.ceil((dimensions * bitsOf[quantization]) / 8);

/**
 * The memory that an index takes to be searched, in bytes: number of vectors × (dimension × size of the quantized type +
 * hnsw_max_connections_per_layer × 4 bytes a node id × 2 layers' worth), from
 * https://clickhouse.com/docs/engines/table-engines/mergetree-family/annindexes, "Estimating storage and memory
 * consumption". It leaves out what is allocated ahead; see `cachedBytes`.
 */
export function indexMemoryBytes(shape: GraphShape): number {
  return shape.rows * (vectorBytes(shape) + shape.m * 4 * 2);
}

/** The size of vectors in their column, uncompressed, in bytes; from the same page. */
export function columnBytes(shape: { rows: number; dimensions: number; elementBytes: number }): number {
  return shape.rows * shape.dimensions * shape.elementBytes;
}

/**
 * The size of an index's file before compression, in bytes; vectors compress little. Beside its vector each node has in
 * usearch's file format a head of 12 bytes, 2 m links on the lowest level, and m links on each higher one, which one node
 * of m reaches. Files of ClickHouse 26.7 differ by less than 1 % from 1 000 rows on.
 */
export function indexFileBytes(shape: GraphShape): number {
  return shape.rows * (vectorBytes(shape) + graphNodeBytes(shape.m));
}

const graphNodeBytes = (m: number): number => 12 + (8 * m + 4) + (4 * m + 4) / (m - 1);

/** What usearch's memory_mapping_allocator takes first; each further piece is twice the last. */
const firstArenaBytes = 8 * 2 ** 20;

/**
 * What `vector_similarity_index_cache_size` must hold for one graph, in bytes: memory comes in pieces of 8 MiB, 16 MiB,
 * 32 MiB and so on, for vectors and for links, and counts whole, so that up to twice what is used may be counted.
 * `VectorSimilarityIndexCacheBytes` of ClickHouse 26.7 is this to within a kilobyte.
 */
export function cachedBytes(shape: GraphShape): number {
  const slots = 8 * shape.rows;
  return arenaBytes(shape.rows * vectorBytes(shape)) + arenaBytes(shape.rows * graphNodeBytes(shape.m)) + slots;
}

function arenaBytes(used: number): number {
  let arena = firstArenaBytes;
  let total = arena;
  while (total < used) {
    arena *= 2;
    total += arena;
  }
  return total;
}
