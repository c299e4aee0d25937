import type { Buffer } from 'node:buffer';

import type { DataType, DictionaryEntry } from '../types/data-type.ts';
import { ByteSink } from './byte-sink.ts';
import { elementsOf, entriesOf, itemsOf } from './parts.ts';
import { scalarCodec } from './scalar-codec.ts';

/** Writes results as `Native` blocks of one column; several may answer one block. */
export function nativeWriter(
  type: DataType,
  typeName: string,
  columnName: string,
): (results: readonly unknown[]) => Buffer {
  const sink = new ByteSink();
  return (results) => {
    sink.length = 0;
    sink.varint(1);
    sink.varint(results.length);
    sink.text(columnName);
    sink.text(typeName);
    if (results.length > 0) {
      writePrefix(sink, type);
      writeValues(sink, type, results);
    }
    return sink.take();
  };
}

const dictionaryVersion = 1n;

function writePrefix(sink: ByteSink, type: DataType): void {
  switch (type.kind) {
    case 'scalar':
    case 'nullable':
      return;
    case 'lowCardinality':
      writeUint64(sink, dictionaryVersion);
      return;
    case 'tuple':
      for (const item of type.items) writePrefix(sink, item);
      return;
    case 'map':
      writePrefix(sink, type.key);
      writePrefix(sink, type.value);
      return;
    default:
      writePrefix(sink, type.inner);
  }
}

function writeValues(sink: ByteSink, type: DataType, values: readonly unknown[]): void {
  switch (type.kind) {
    case 'scalar': {
      const { write } = scalarCodec(type.scalar);
      for (let index = 0; index < values.length; index++) write(sink, values[index]);
      return;
    }
    case 'nullable': {
      const at = sink.advance(values.length);
      for (let index = 0; index < values.length; index++)
        sink.view.setUint8(at + index, values[index] === null ? 1 : 0);
      const { write, writeZero } = scalarCodec(type.inner);
      for (const value of values) {
        if (value === null) writeZero(sink);
        else write(sink, value);
      }
      return;
    }
    case 'lowCardinality':
      return writeDictionary(sink, type.inner, values);
    case 'array': {
      const elements: unknown[] = [];
      writeEnds(
        sink,
        values.map((value) => appendTo(elements, elementsOf(value))),
      );
      writeValues(sink, type.inner, elements);
      return;
    }
    case 'tuple': {
      const rows = values.map((value) => itemsOf(type, value));
      for (const [index, item] of type.items.entries()) {
        writeValues(
          sink,
          item,
          rows.map((row) => row[index]),
        );
      }
      return;
    }
    case 'map': {
      const entries: [unknown, unknown][] = [];
      writeEnds(
        sink,
        values.map((value) => appendTo(entries, entriesOf(type, value))),
      );
      writeValues(
        sink,
        type.key,
        entries.map(([key]) => key),
      );
      writeValues(
        sink,
        type.value,
        entries.map(([, value]) => value),
      );
    }
  }
}

function appendTo<T>(list: T[], items: ArrayLike<T>): number {
  for (let index = 0; index < items.length; index++) list.push(items[index] as T); // Within its length.
  return list.length;
}

/** A dictionary's flags: places of 32 bits; its values follow; it is to be renewed. */
const flags = 0x602n;

/** Every row's value is an entry of its own: ClickHouse makes the entries distinct. The first is for NULL, or unused. */
function writeDictionary(sink: ByteSink, inner: DictionaryEntry, values: readonly unknown[]): void {
  if (values.length === 0) return;
  const isNullable = inner.kind === 'nullable';
  const { write, writeZero } = scalarCodec(isNullable ? inner.inner : inner.scalar);
  writeUint64(sink, flags);
  writeUint64(sink, BigInt(values.length + 1));
  writeZero(sink);
  for (const value of values) {
    if (isNullable && value === null) writeZero(sink);
    else write(sink, value);
  }
  writeUint64(sink, BigInt(values.length));
  const at = sink.advance(values.length * 4);
  for (const [row, value] of values.entries()) sink.view.setUint32(at + row * 4, value === null ? 0 : row + 1, true);
}

function writeEnds(sink: ByteSink, ends: readonly number[]): void {
  for (const end of ends) writeUint64(sink, BigInt(end));
}

function writeUint64(sink: ByteSink, value: bigint): void {
  const at = sink.advance(8);
  sink.view.setBigUint64(at, value, true);
}
