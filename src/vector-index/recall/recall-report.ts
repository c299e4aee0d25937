import type { VectorIndex } from '../vector-index.ts';
import type { Latency } from './latency.ts';
import type { SearchVariant } from './search-variant.ts';

/** How one variant of the search did. */
export interface SearchResult extends SearchVariant, Latency {
  /** The mean share of the exact answer that was found, from 0 to 1. */
  recall: number;
  /** How many rows an answer had on average; fewer than k where a filter left too few of those fetched. */
  meanRows: number;
  /**
   * How many rows did not find themselves, among all k + 1 found, when they were searched for by their own vector;
   * absent where they need not be among them: with a filter, with dotProduct, or when the vectors are no rows of the table.
   */
  lostRows?: number;
  /** The exact search's median over this one's. */
  speedup: number;
  /** Whether the index answered; otherwise the search was exact. */
  usesIndex: boolean;
  /** Whether a query that sets nothing is answered so. */
  isDefault: boolean;
}

/** An index and how searches in it did. */
export interface MeasuredIndex extends Pick<VectorIndex, 'name' | 'quantization' | 'm' | 'efConstruction'> {
  diskBytes: number;
  /** In ClickHouse's cache; unknown where it was there already. */
  memoryBytes?: number;
  /** Known where it was built to be measured. */
  buildSeconds?: number;
  results: SearchResult[];
}

export interface RecallReport {
  /** With its database. */
  table: string;
  column: string;
  distance: VectorIndex['distance'];
  dimensions: number;
  /** How many rows were searched: the table's, or the sample's. */
  rows: number;
  /** Whether a sample was searched, to build indexes of it, and not the table with its own index. */
  isSample: boolean;
  k: number;
  /** How many vectors were searched for. */
  queries: number;
  /** The SQL that they came from; absent where they are rows of the table. */
  queryVectors?: string;
  filter?: string;
  /** How many rows fulfil the filter. */
  matchingRows?: number;
  exact: Latency;
  indexes: MeasuredIndex[];
  /** Quantizations that were asked for and are not possible here. */
  leftOut: { quantization: VectorIndex['quantization']; reason: string }[];
  /** Whether it was stopped: then the figures are those of what had been measured. */
  isInterrupted: boolean;
}

export interface RecallProgress {
  /** What is being done. */
  step: string;
  /** Queries so far and in all. */
  done: number;
  total: number;
  /** Undefined while there is nothing to tell it by. */
  secondsLeft: number | undefined;
}
