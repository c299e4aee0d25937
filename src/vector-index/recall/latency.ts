/** By ClickHouse's clock, of queries that ran one after the other. */
export interface Latency {
  medianMs: number;
  p99Ms: number;
}

/** Summarises times; a percentile is the smallest time that so many are not above (nearest rank). */
export function summarizeLatency(milliseconds: readonly number[]): Latency {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const percentile = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { medianMs: percentile(0.5), p99Ms: percentile(0.99) };
}
