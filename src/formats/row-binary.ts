import { Buffer } from 'node:buffer';

import type { ByteQueue } from './byte-queue.ts';
import type { VectorRows } from './vector-format.ts';
import { readChunkHeader, readString, type ReaderOptions, type RowReader } from './row-reader.ts';

/** Reads `RowBinary` blocks of String columns (https://clickhouse.com/docs/interfaces/formats/RowBinary). */
export function* readRowBinary(bytes: ByteQueue, { columns, chunkHeader }: ReaderOptions): RowReader {
  for (;;) {
    const rows = chunkHeader ? yield* readChunkHeader(bytes) : Number.POSITIVE_INFINITY;
    for (let index = 0; index < rows; index++) {
      const row: Buffer[] = [];
      for (let column = 0; column < columns; column++) {
        row.push(yield* readString(bytes));
      }
      yield { type: 'row', row };
    }
    yield { type: 'blockEnd' };
  }
}

/** Writes rows of `Array(Float32)`. */
export function writeRowBinary({ vectors, rows, dimensions }: VectorRows): Buffer {
  const prefix = encodeVarint(dimensions);
  const rowBytes = prefix.length + dimensions * 4;
  const output = Buffer.allocUnsafe(rows * rowBytes);
  const floats = Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength);
  for (let row = 0; row < rows; row++) {
    prefix.copy(output, row * rowBytes);
    floats.copy(output, row * rowBytes + prefix.length, row * dimensions * 4, (row + 1) * dimensions * 4);
  }
  return output;
}

/** Encodes a number as LEB128, ClickHouse's VarUInt. */
export function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
