import type { Buffer } from 'node:buffer';

import type { ByteQueue } from '../byte-queue.ts';
import { maxValueBytes, parseChunkHeader, waitFor } from '../row-reader.ts';
import type { BatchReader, BatchReaderOptions } from './batch.ts';
import { waitForByte } from './wait-for-byte.ts';

/** Reads blocks of a format with one line a row. `parseLines` gives one array for each argument. */
export function* readLineBatches(
  bytes: ByteQueue,
  { chunkHeader, place, encoding }: BatchReaderOptions & { encoding: 'utf8' | 'latin1' },
  parseLines: (lines: readonly string[]) => unknown[][],
): BatchReader {
  let lines: string[] = [];
  let next = 0;
  let rowsLeft = chunkHeader ? 0 : Number.POSITIVE_INFINITY;
  for (;;) {
    if (next === lines.length) {
      if (!chunkHeader || rowsLeft === 0) yield* waitForByte(bytes, place);
      lines = splitLines(yield* waitFor(() => bytes.takeLines(maxValueBytes)), encoding);
      next = 0;
    }
    place.isInside = true;
    if (chunkHeader && rowsLeft === 0) {
      rowsLeft = parseChunkHeader(lines[next] ?? '');
      next++;
    } else {
      const end = Math.min(lines.length, next + rowsLeft);
      const taken = end - next === lines.length ? lines : lines.slice(next, end);
      next = end;
      rowsLeft -= taken.length;
      yield { type: 'batch', columns: parseLines(taken), rows: taken.length };
    }
    if (rowsLeft === 0) yield { type: 'blockEnd' };
  }
}

/** How many bytes are decoded together. V8 keeps such a text in memory as long as a part of it lives: it is small. */
const windowBytes = 1024;

/** Splits whole lines, without their line feeds. */
function splitLines(bytes: Buffer, encoding: 'utf8' | 'latin1'): string[] {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const last = bytes.lastIndexOf(0x0a, start + windowBytes);
    const end = last < start ? bytes.indexOf(0x0a, start) : last;
    for (const line of bytes.toString(encoding, start, end).split('\n')) lines.push(line);
    start = end + 1;
  }
  return lines;
}
