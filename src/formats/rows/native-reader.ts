import type { Buffer } from 'node:buffer';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { ByteQueue } from '../byte-queue.ts';
import { readString, waitFor } from '../row-reader.ts';
import type { DataType, DictionaryEntry } from '../types/data-type.ts';
import type { Scalar } from '../types/scalar.ts';
import type { Reading } from './batch.ts';
import { ByteSource } from './byte-source.ts';
import { makeTuple } from './parts.ts';
import { scalarCodec } from './scalar-codec.ts';

/**
 * Reads one column of a `Native` block: the values of all its rows, as ClickHouse's serializations write them to one
 * stream (https://clickhouse.com/docs/interfaces/formats/Native, `src/DataTypes/Serializations`).
 */
export function* readNativeColumn(bytes: ByteQueue, type: DataType, rows: number): Reading<unknown[]> {
  if (rows === 0) return [];
  yield* readPrefix(bytes, type);
  return yield* readValues(bytes, type, rows);
}

/** Each LowCardinality has the version of its dictionary before all values, in the order of the parts. */
function* readPrefix(bytes: ByteQueue, type: DataType): Reading<void> {
  switch (type.kind) {
    case 'scalar':
    case 'nullable':
      return;
    case 'lowCardinality': {
      const version = yield* readUint64(bytes);
      if (version !== 1n) refuse(`a dictionary of version ${version}`);
      return;
    }
    case 'tuple':
      for (const item of type.items) yield* readPrefix(bytes, item);
      return;
    case 'map':
      yield* readPrefix(bytes, type.key);
      yield* readPrefix(bytes, type.value);
      return;
    default:
      yield* readPrefix(bytes, type.inner);
  }
}

function* readValues(bytes: ByteQueue, type: DataType, rows: number): Reading<unknown[]> {
  switch (type.kind) {
    case 'scalar':
      return yield* readScalars(bytes, type.scalar, rows);
    case 'nullable': {
      // One byte a row before the values, which stand for NULL rows too.
      const nulls = yield* takeBytes(bytes, rows);
      const values = yield* readScalars(bytes, type.inner, rows);
      for (let row = 0; row < rows; row++) if (nulls[row] === 1) values[row] = null;
      return values;
    }
    case 'lowCardinality':
      return yield* readDictionary(bytes, type.inner, rows);
    case 'array': {
      const ends = yield* readEnds(bytes, rows);
      return cut(yield* readValues(bytes, type.inner, ends.at(-1) ?? 0), ends);
    }
    case 'tuple': {
      const columns: unknown[][] = [];
      for (const item of type.items) columns.push(yield* readValues(bytes, item, rows));
      return Array.from({ length: rows }, (_, row) =>
        makeTuple(
          type.names,
          columns.map((column) => column[row]),
        ),
      );
    }
    case 'map':
  }
  const ends = yield* readEnds(bytes, rows);
  const total = ends.at(-1) ?? 0;
  const keys = yield* readValues(bytes, type.key, total);
  const values = yield* readValues(bytes, type.value, total);
  const entries = keys.map((key, index): [unknown, unknown] => [key, values[index]]);
  return cut(entries, ends).map((pairs) => new Map(pairs));
}

function* readScalars(bytes: ByteQueue, scalar: Scalar, rows: number): Reading<unknown[]> {
  const { size, read } = scalarCodec(scalar);
  const values: unknown[] = [];
  if (size !== undefined) {
    const source = new ByteSource(yield* takeBytes(bytes, rows * size));
    for (let row = 0; row < rows; row++) values.push(read(source));
    return values;
  }
  while (values.length < rows) {
    const { front } = bytes;
    if (front !== undefined) {
      const source = new ByteSource(front);
      let end = 0;
      while (values.length < rows) {
        const value = read(source);
        if (source.isCut) break;
        values.push(value);
        end = source.position;
      }
      bytes.take(end);
      if (values.length === rows) break;
    }
    // The next text is cut, or lies in two pieces.
    const raw = yield* readString(bytes);
    const { asBytes } = scalar.layout === 'String' ? scalar : { asBytes: false };
    values.push(asBytes ? raw : raw.toString());
  }
  return values;
}

/** Which bits of a dictionary's flags say how wide the places are, and that its values follow. */
const placeSizes = [1, 2, 4, 8];
const hasOwnValues = 0x200n;

/** Reads a LowCardinality column: its distinct values, then the place of each row's value among them. */
function* readDictionary(bytes: ByteQueue, inner: DictionaryEntry, rows: number): Reading<unknown[]> {
  if (rows === 0) return [];
  const flags = yield* readUint64(bytes);
  if ((flags & hasOwnValues) === 0n) refuse('a shared dictionary');
  const count = Number(yield* readUint64(bytes));
  const isNullable = inner.kind === 'nullable';
  const values = yield* readScalars(bytes, isNullable ? inner.inner : inner.scalar, count);
  // The first value stands for NULL.
  if (isNullable) values[0] = null;
  const places = Number(yield* readUint64(bytes));
  if (places !== rows) refuse(`${places} values in a dictionary's column of ${rows} rows`);
  const size = placeSizes[Number(flags & 0xffn)] ?? refuse(`a dictionary's places of kind ${flags & 0xffn}`);
  const taken = yield* takeBytes(bytes, rows * size);
  return Array.from({ length: rows }, (_, row) => values[taken.readUIntLE(row * size, Math.min(size, 6))]);
}

/** Reads where each row's elements end, counted from the beginning of the column. */
function* readEnds(bytes: ByteQueue, rows: number): Reading<number[]> {
  const taken = yield* takeBytes(bytes, rows * 8);
  return Array.from({ length: rows }, (_, row) => Number(taken.readBigUInt64LE(row * 8)));
}

function cut<T>(values: readonly T[], ends: readonly number[]): T[][] {
  return ends.map((end, row) => values.slice(row === 0 ? 0 : ends[row - 1], end));
}

function* readUint64(bytes: ByteQueue): Reading<bigint> {
  return (yield* takeBytes(bytes, 8)).readBigUInt64LE();
}

/** A column may be larger than what one value may be. */
function* takeBytes(bytes: ByteQueue, count: number): Reading<Buffer> {
  return yield* waitFor(() => bytes.take(count));
}

function refuse(found: string): never {
  throw new EmbedhouseError(
    'FORMAT_INVALID',
    `found ${found} in a Native block, which is not read here: use RowBinary`,
  );
}
