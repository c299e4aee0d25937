import type { Buffer } from 'node:buffer';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { ByteQueue } from './byte-queue.ts';

/** One row of a block: the bytes of each argument's string, `null` for NULL. */
export type Row = readonly (Buffer | null)[];

/**
 * What a reader says next: a row, the end of a block whose size was announced, or that it needs more bytes than have
 * arrived.
 */
export type ReadStep = { type: 'row'; row: Row } | { type: 'blockEnd' } | WaitStep;

/** What a part of a reader says. */
export interface WaitStep {
  type: 'needsMore';
}

export interface ReaderOptions {
  /** The number of arguments of the function; all are read as strings. */
  columns: number;
  /** Whether each block is preceded by its number of rows as a line (`send_chunk_header`). */
  chunkHeader: boolean;
}

/**
 * An endless reader of the blocks that ClickHouse writes to a function. It is pulled step by step, so that the caller
 * decides how many rows to hold.
 */
export type RowReader = Generator<ReadStep, never, undefined>;

/** The longest single value that is held in memory, in bytes. */
export const maxValueBytes = 256 * 1024 * 1024;

/** A number of rows is short; a longer line is none. */
const maxChunkHeaderBytes = 64 * 1024;

const needsMore: WaitStep = { type: 'needsMore' };

/** Repeats `attempt` until the bytes it needs have arrived. */
export function* waitFor<T>(attempt: () => T | undefined): Generator<WaitStep, T, undefined> {
  for (;;) {
    const value = attempt();
    if (value !== undefined) {
      return value;
    }
    yield needsMore;
  }
}

/**
 * Reads a string with its length before it, as RowBinary and Native write it.
 * @throws FORMAT_INVALID for a value longer than 256 MiB, or for a length that no value has
 */
export function* readString(bytes: ByteQueue): Generator<WaitStep, Buffer, undefined> {
  return yield* readBytes(bytes, yield* waitFor(() => bytes.takeVarint()));
}

/**
 * Reads a value of a known length.
 * @throws FORMAT_INVALID if it is longer than 256 MiB
 */
export function* readBytes(bytes: ByteQueue, length: number): Generator<WaitStep, Buffer, undefined> {
  if (length > maxValueBytes) {
    throw new EmbedhouseError(
      'FORMAT_INVALID',
      `a value of ${length} bytes is over the limit of ${maxValueBytes}: pass a smaller one, or check that the definition's <format> and its command agree`,
    );
  }
  return yield* waitFor(() => bytes.take(length));
}

/**
 * Reads the line that announces a block's rows.
 * @throws FORMAT_INVALID if the line is not a number
 */
export function* readChunkHeader(bytes: ByteQueue): Generator<WaitStep, number, undefined> {
  return parseChunkHeader((yield* waitFor(() => bytes.takeLine(maxChunkHeaderBytes))).toString('latin1'));
}

/**
 * Reads the number in the line that announces a block's rows.
 * @throws FORMAT_INVALID if the line is not a number
 */
export function parseChunkHeader(line: string): number {
  if (!/^\d{1,15}$/.test(line)) {
    throw new EmbedhouseError(
      'FORMAT_INVALID',
      `expected a number of rows before each block, found '${line.slice(0, 40)}': set <send_chunk_header>1</send_chunk_header> in the function's definition, or leave --chunk-header out of its command`,
    );
  }
  return Number(line);
}
