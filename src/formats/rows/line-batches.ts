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
      const text = (yield* waitFor(() => bytes.takeLines(maxValueBytes))).toString(encoding);
      lines = text.split('\n');
      lines.pop();
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
