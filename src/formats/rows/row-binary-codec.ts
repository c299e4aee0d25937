import type { Buffer } from 'node:buffer';

import type { ByteQueue } from '../byte-queue.ts';
import { encodeVarint } from '../row-binary.ts';
import { readBytes, waitFor } from '../row-reader.ts';
import type { DataType, NullableType } from '../types/data-type.ts';
import type { Scalar } from '../types/scalar.ts';
import type { Reading } from './batch.ts';
import type { ByteSink } from './byte-sink.ts';
import type { ByteSource } from './byte-source.ts';
import { elementsOf, entriesOf, itemsOf, makeTuple } from './parts.ts';
import { scalarCodec } from './scalar-codec.ts';

/** Reads and writes values of a type in `RowBinary` (https://clickhouse.com/docs/interfaces/formats/RowBinary). */
export interface RowBinaryCodec {
  /** Reads a value; gives anything when it is cut, and then marks the source. */
  read: (source: ByteSource) => unknown;
  /** Takes the bytes of a value that may not be whole yet. */
  take: (bytes: ByteQueue, parts: Buffer[]) => Reading<void>;
  /** @throws ValueError */
  write: (sink: ByteSink, value: unknown) => void;
}

/** Makes the codec of a type. */
export function rowBinaryCodec(type: DataType): RowBinaryCodec {
  switch (type.kind) {
    case 'scalar':
      return scalar(type.scalar);
    case 'lowCardinality':
      return rowBinaryCodec(type.inner);
    case 'nullable':
      return nullable(type);
    case 'array':
      return array(type);
    case 'tuple':
      return tuple(type);
    case 'map':
  }
  return map(type);
}

function scalar(scalar: Scalar): RowBinaryCodec {
  const { size, read, write } = scalarCodec(scalar);
  return {
    read,
    write,
    *take(bytes, parts) {
      const length = size ?? (yield* takeCount(bytes, parts));
      parts.push(yield* readBytes(bytes, length));
    },
  };
}

function* takeCount(bytes: ByteQueue, parts: Buffer[]): Reading<number> {
  const count = yield* waitFor(() => bytes.takeVarint());
  parts.push(encodeVarint(count));
  return count;
}

function nullable({ inner }: NullableType): RowBinaryCodec {
  const codec = scalar(inner);
  return {
    read: (source) => {
      const start = source.advance(1);
      if (start < 0) return undefined;
      return source.view.getUint8(start) === 1 ? null : codec.read(source);
    },
    *take(bytes, parts) {
      const flag = yield* readBytes(bytes, 1);
      parts.push(flag);
      if (flag[0] !== 1) yield* codec.take(bytes, parts);
    },
    write: (sink, value) => {
      const at = sink.advance(1);
      sink.view.setUint8(at, value === null ? 1 : 0);
      if (value !== null) codec.write(sink, value);
    },
  };
}

function array({ inner }: Extract<DataType, { kind: 'array' }>): RowBinaryCodec {
  const codec = rowBinaryCodec(inner);
  return {
    read: (source) => {
      const count = source.varint();
      const values: unknown[] = [];
      for (let index = 0; index < count && !source.isCut; index++) values.push(codec.read(source));
      return values;
    },
    *take(bytes, parts) {
      const count = yield* takeCount(bytes, parts);
      const size = inner.kind === 'scalar' ? scalarCodec(inner.scalar).size : undefined;
      if (size !== undefined) parts.push(yield* readBytes(bytes, count * size));
      else for (let index = 0; index < count; index++) yield* codec.take(bytes, parts);
    },
    write: (sink, value) => {
      const elements = elementsOf(value);
      sink.varint(elements.length);
      if (isFloat32(inner) && elements instanceof Float32Array) {
        sink.put(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength));
        return;
      }
      for (let index = 0; index < elements.length; index++) codec.write(sink, elements[index]);
    },
  };
}

function isFloat32(type: DataType): boolean {
  return type.kind === 'scalar' && type.scalar.layout === 'Float32';
}

function tuple(type: Extract<DataType, { kind: 'tuple' }>): RowBinaryCodec {
  const codecs = type.items.map(rowBinaryCodec);
  return {
    read: (source) =>
      makeTuple(
        type.names,
        codecs.map((codec) => codec.read(source)),
      ),
    *take(bytes, parts) {
      for (const codec of codecs) yield* codec.take(bytes, parts);
    },
    write: (sink, value) => {
      const items = itemsOf(type, value);
      for (const [index, codec] of codecs.entries()) codec.write(sink, items[index]);
    },
  };
}

function map(type: Extract<DataType, { kind: 'map' }>): RowBinaryCodec {
  const key = rowBinaryCodec(type.key);
  const item = rowBinaryCodec(type.value);
  return {
    read: (source) => {
      const count = source.varint();
      const values = new Map<unknown, unknown>();
      for (let index = 0; index < count && !source.isCut; index++) values.set(key.read(source), item.read(source));
      return values;
    },
    *take(bytes, parts) {
      const count = yield* takeCount(bytes, parts);
      for (let index = 0; index < count; index++) {
        yield* key.take(bytes, parts);
        yield* item.take(bytes, parts);
      }
    },
    write: (sink, value) => {
      const entries = entriesOf(type, value);
      sink.varint(entries.length);
      for (const [name, content] of entries) {
        key.write(sink, name);
        item.write(sink, content);
      }
    },
  };
}
