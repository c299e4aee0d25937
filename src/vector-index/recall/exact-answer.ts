import type { Distance } from '../vector-index.ts';
import type { FoundRow } from './run-search.ts';
import { isDescending } from './search-target.ts';

/** The true answer to one query vector. */
export interface ExactAnswer {
  /** The distance of the last of the k nearest rows, or of all where there are fewer; undefined where there is none. */
  worst: number | undefined;
  /** How many rows the answer has: k, or fewer. */
  size: number;
}

/**
 * Makes the answer of the nearest rows, nearest first. The query's own row, and rows without a distance, such as
 * zero vectors with the cosine, are no neighbours.
 */
export function exactAnswer(found: readonly FoundRow[], k: number, ownRow: string | undefined): ExactAnswer {
  const neighbours = found.filter(({ row, distance }) => row !== ownRow && distance !== null).slice(0, k);
  return { worst: neighbours.at(-1)?.distance ?? undefined, size: neighbours.length };
}

/** What rounding may differ by: float32 has 24 bits, and a cosine distance is a difference of numbers near 1. */
const relativeTolerance = 1e-6;

/**
 * Counts the rows of an approximate answer that are as near as the exact answer's last one. Whichever of equally near
 * rows an index finds is right, as in ANN-Benchmarks (Aumüller, Bernhardsson, Faithfull, 2018;
 * [`knn_threshold`](https://github.com/erikbern/ann-benchmarks/blob/main/ann_benchmarks/plotting/metrics.py)), but with a
 * tolerance of one in a million. `distances` are true ones: those by which an index sorts are of quantised vectors.
 */
export function countHits(distances: readonly (number | null)[], exact: ExactAnswer, distance: Distance): number {
  const { worst, size } = exact;
  if (worst === undefined) {
    return 0;
  }
  const scale = distance === 'L2Distance' ? Math.abs(worst) : Math.max(1, Math.abs(worst));
  const tolerance = relativeTolerance * scale;
  const isHit = (each: number | null): boolean =>
    each !== null && (isDescending(distance) ? each >= worst - tolerance : each <= worst + tolerance);
  // Of an answer of k + 1 rows without the query's own, one more than k may be near enough.
  return Math.min(size, distances.filter(isHit).length);
}
