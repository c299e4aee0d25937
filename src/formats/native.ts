import { Buffer } from 'node:buffer';
import { endianness } from 'node:os';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { ByteQueue } from './byte-queue.ts';
import { encodeVarint } from './row-binary.ts';
import type { VectorRows } from './vector-format.ts';
import {
  readBytes,
  readChunkHeader,
  readString,
  waitFor,
  type ReadStep,
  type ReaderOptions,
  type RowReader,
} from './row-reader.ts';

type Cell = Buffer | null;

/**
 * Reads `Native` blocks (https://clickhouse.com/docs/interfaces/formats/Native): columns, rows, then for each column
 * name, type and values. String, FixedString and Nullable of both are read; a single String column is handed out row
 * by row, so that a block of large values is never held whole.
 * @throws FORMAT_INVALID for another type or another number of columns
 */
export function* readNative(bytes: ByteQueue, { columns, chunkHeader }: ReaderOptions): RowReader {
  for (;;) {
    if (chunkHeader) {
      yield* readChunkHeader(bytes);
    }
    const columnsFound = yield* waitFor(() => bytes.takeVarint());
    const rows = yield* waitFor(() => bytes.takeVarint());
    if (columnsFound !== columns) {
      throw new EmbedhouseError(
        'FORMAT_INVALID',
        `expected ${columns} columns in a block, found ${columnsFound}: the definition's arguments and its command differ`,
      );
    }
    if (columns === 1) {
      const nextCell = yield* readColumnHeader(bytes, rows);
      for (let row = 0; row < rows; row++) {
        yield { type: 'row', row: [yield* nextCell(row)] };
      }
    } else {
      const cells: Cell[][] = [];
      for (let column = 0; column < columns; column++) {
        cells.push(yield* readColumn(bytes, rows));
      }
      for (let row = 0; row < rows; row++) {
        yield { type: 'row', row: cells.map((column) => column[row] ?? null) };
      }
    }
    yield { type: 'blockEnd' };
  }
}

function* readColumn(bytes: ByteQueue, rows: number): Generator<ReadStep, Cell[], undefined> {
  const nextCell = yield* readColumnHeader(bytes, rows);
  const cells: Cell[] = [];
  for (let row = 0; row < rows; row++) {
    cells.push(yield* nextCell(row));
  }
  return cells;
}

type CellReader = (row: number) => Generator<ReadStep, Cell, undefined>;

function* readColumnHeader(bytes: ByteQueue, rows: number): Generator<ReadStep, CellReader, undefined> {
  const name = (yield* readString(bytes)).toString();
  const type = (yield* readString(bytes)).toString();
  const valueType = /^Nullable\((?<inner>.*)\)$/.exec(type)?.groups?.['inner'] ?? type;
  const fixedSize = /^FixedString\((?<size>\d{1,15})\)$/.exec(valueType)?.groups?.['size'];
  if (valueType !== 'String' && fixedSize === undefined) {
    throw new EmbedhouseError(
      'FORMAT_INVALID',
      `argument '${name}' arrived as ${type}, expected String: cast it with toString(${name})`,
    );
  }
  // The null map has one byte a row and stands before the values.
  const nulls = valueType === type ? undefined : yield* readBytes(bytes, rows);
  return function* readCell(row) {
    const value = fixedSize === undefined ? yield* readString(bytes) : yield* readBytes(bytes, Number(fixedSize));
    return nulls?.[row] === 1 ? null : value;
  };
}

/** Writes one block with one `Array(Float32)` column. */
export function writeNative({ vectors, rows, dimensions }: VectorRows, columnName: string): Buffer {
  const offsets = Buffer.allocUnsafe(rows * 8);
  for (let row = 0; row < rows; row++) {
    offsets.writeBigUInt64LE(BigInt((row + 1) * dimensions), row * 8);
  }
  return Buffer.concat([
    encodeVarint(1),
    encodeVarint(rows),
    encodeString(columnName),
    encodeString('Array(Float32)'),
    offsets,
    Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength),
  ]);
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([encodeVarint(bytes.length), bytes]);
}

if (endianness() !== 'LE') {
  throw new Error('embedhouse writes floats as the processor holds them and needs a little-endian one');
}
