import type { WaitStep } from '../row-reader.ts';

/** Some rows of a block, column by column, and where they stand in it. */
export interface Batch {
  /** One array for each argument. */
  columns: readonly (readonly unknown[])[];
  rows: number;
}

/** What a reader of batches says next; the end of a block only where its size is known. */
export type BatchStep = ({ type: 'batch' } & Batch) | { type: 'blockEnd' } | WaitStep;

/** An endless reader of what ClickHouse writes to a function, pulled step by step. */
export type BatchReader = Generator<BatchStep, never, undefined>;

/** The part of a `BatchReader` that only waits. */
export type Reading<T> = Generator<WaitStep, T, undefined>;

/** Whether what has been read ends inside a row or a block, where the input must not end. */
export interface ReaderPlace {
  isInside: boolean;
}

export interface BatchReaderOptions {
  /** Whether each block is preceded by its number of rows as a line (`send_chunk_header`). */
  chunkHeader: boolean;
  /** Kept up to date by the reader. */
  place: ReaderPlace;
}
