import { setImmediate } from 'node:timers/promises';

/** How well the vectors of one variant of a model stand for those of another, over the same rows. */
export interface Agreement {
  /** The rows that were compared. */
  readonly count: number;
  /** Mean over the rows of the cosine between the two vectors of a row. */
  readonly meanCosine: number;
  /** The cosine that 99 % of the rows exceed. */
  readonly p1Cosine: number;
  /**
   * The share of a row's 10 nearest other rows by cosine, all vectors being the reference's, that are also among its 10
   * nearest when all vectors are the variant's; mean over up to 500 rows.
   */
  readonly recallAt10: number;
  /**
   * Mean cosine between the reference's vectors of different rows. Near 1 the model tells its inputs hardly apart, as
   * one with random weights does, and the recall says nothing.
   */
  readonly meanCosineBetweenRows: number;
}

export interface AgreementOptions {
  /** Length of a vector. */
  readonly dimensions: number;
  readonly signal: AbortSignal;
}

const neighbours = 10;
const maxQueries = 500;

/**
 * Compares two lists of vectors, row-major [rows, dimensions], row by row and by what is near to what.
 *
 * @throws the signal's reason when that stops it.
 */
export async function measureAgreement(
  reference: Float32Array,
  variant: Float32Array,
  { dimensions, signal }: AgreementOptions,
): Promise<Agreement> {
  const left = normalizeRows(reference, dimensions);
  const right = normalizeRows(variant, dimensions);
  const count = left.length;
  const cosines = left.map((row, index) => dot(row, right[index] ?? row)).toSorted((a, b) => a - b);
  const queries = Math.min(maxQueries, count);
  let found = 0;
  let wanted = 0;
  let betweenRows = 0;
  for (let index = 0; index < queries; index += 1) {
    signal.throwIfAborted();
    const query = Math.floor((index * count) / queries);
    const products = productsWith(left, query);
    betweenRows += mean(products.filter((_, row) => row !== query)) / queries;
    const expected = nearest(products, query);
    const actual = nearest(productsWith(right, query), query);
    wanted += expected.size;
    for (const row of actual) if (expected.has(row)) found += 1;
    // One query takes a few milliseconds; in between others have their turn.
    await setImmediate();
  }
  return {
    count,
    meanCosine: mean(cosines),
    p1Cosine: cosines[Math.floor(count / 100)] ?? Number.NaN,
    recallAt10: wanted === 0 ? Number.NaN : found / wanted,
    meanCosineBetweenRows: betweenRows,
  };
}

function normalizeRows(vectors: Float32Array, dimensions: number): Float32Array[] {
  return Array.from({ length: vectors.length / dimensions }, (_, row) => {
    const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions);
    const length = Math.sqrt(dot(vector, vector));
    return vector.map((value) => value / length);
  });
}

function productsWith(rows: readonly Float32Array[], query: number): number[] {
  const vector = rows[query] ?? new Float32Array();
  return rows.map((row) => dot(vector, row));
}

function nearest(products: readonly number[], query: number): Set<number> {
  const others = Array.from(products.keys()).filter((row) => row !== query);
  const order = others.toSorted((a, b) => (products[b] ?? 0) - (products[a] ?? 0) || a - b);
  return new Set(order.slice(0, neighbours));
}

function dot(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += (left[index] ?? 0) * (right[index] ?? 0);
  return sum;
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
