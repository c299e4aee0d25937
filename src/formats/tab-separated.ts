import { Buffer } from 'node:buffer';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { ByteQueue } from './byte-queue.ts';
import { escapes } from './escapes.ts';
import type { VectorRows } from './vector-format.ts';
import { maxValueBytes, readChunkHeader, waitFor, type ReaderOptions, type Row, type RowReader } from './row-reader.ts';

const tab = 0x09;
const backslash = 0x5c;
const nullMarker = Buffer.from('\\N');

const escapedBytes = new Map(
  Object.entries(escapes).map(([letter, character]) => [letter.charCodeAt(0), character.charCodeAt(0)] as const),
);

/**
 * Reads `TabSeparated` blocks.
 * @throws FORMAT_INVALID if a line has another number of fields than the function has arguments, or over 256 MiB
 */
export function* readTabSeparated(bytes: ByteQueue, { columns, chunkHeader }: ReaderOptions): RowReader {
  for (;;) {
    const rows = chunkHeader ? yield* readChunkHeader(bytes) : Number.POSITIVE_INFINITY;
    for (let index = 0; index < rows; index++) {
      const row = splitFields(yield* waitFor(() => bytes.takeLine(maxValueBytes)));
      if (row.length !== columns) {
        throw new EmbedhouseError(
          'FORMAT_INVALID',
          `expected ${columns} tab-separated fields in a row, found ${row.length}: the definition's arguments and its command differ`,
        );
      }
      yield { type: 'row', row };
    }
    yield { type: 'blockEnd' };
  }
}

/** Writes rows of `Array(Float32)` with 9 significant digits, which name each float exactly. */
export function writeTabSeparated({ vectors, rows, dimensions }: VectorRows): Buffer {
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    const floats = Array.from(vectors.subarray(row * dimensions, (row + 1) * dimensions), writeFloat);
    lines.push(`[${floats.join(',')}]\n`);
  }
  return Buffer.from(lines.join(''));
}

function writeFloat(value: number): string {
  if (Number.isNaN(value)) {
    return 'nan';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? 'inf' : '-inf';
  }
  return Object.is(value, -0) ? '-0' : String(Number(value.toPrecision(9)));
}

function splitFields(line: Buffer): Row {
  const fields: (Buffer | null)[] = [];
  let start = 0;
  for (;;) {
    const end = line.indexOf(tab, start);
    fields.push(unescapeField(line.subarray(start, end < 0 ? line.length : end)));
    if (end < 0) {
      return fields;
    }
    start = end + 1;
  }
}

function unescapeField(field: Buffer): Buffer | null {
  if (field.equals(nullMarker)) {
    return null;
  }
  if (!field.includes(backslash)) {
    return field;
  }
  const output = Buffer.allocUnsafe(field.length);
  let length = 0;
  for (let index = 0; index < field.length; index++) {
    let byte = field.readUInt8(index);
    if (byte === backslash && index + 1 < field.length) {
      index++;
      byte = field.readUInt8(index);
      byte = escapedBytes.get(byte) ?? byte;
    }
    output[length++] = byte;
  }
  return output.subarray(0, length);
}
