import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { ByteQueue } from '../byte-queue.ts';
import { readChunkHeader, readString, waitFor } from '../row-reader.ts';
import { readDataType, type DataType } from '../types/data-type.ts';
import type { StringOptions } from '../types/strings.ts';
import type { BatchReader, BatchReaderOptions, Reading } from './batch.ts';
import { readNativeColumn } from './native-reader.ts';
import { waitForByte } from './wait-for-byte.ts';

/** A declared argument. */
interface Argument {
  name: string;
  type: DataType;
  typeName: string;
}

/**
 * Reads `Native` blocks, each as a whole.
 * @throws FORMAT_INVALID for columns of other types than the declared ones, apart from Nullable and LowCardinality
 */
export function* readNativeBatches(
  bytes: ByteQueue,
  declared: readonly Argument[],
  { chunkHeader, place, asBytes }: BatchReaderOptions & StringOptions,
): BatchReader {
  const known = new Map<string, DataType>();
  for (;;) {
    yield* waitForByte(bytes, place);
    if (chunkHeader) yield* readChunkHeader(bytes);
    const columnCount = yield* waitFor(() => bytes.takeVarint());
    const rows = yield* waitFor(() => bytes.takeVarint());
    if (columnCount !== declared.length) {
      throw new EmbedhouseError(
        'FORMAT_INVALID',
        `expected ${declared.length} columns in a block, found ${columnCount}: the definition's arguments and its command differ`,
      );
    }
    const columns: unknown[][] = [];
    for (const argument of declared) {
      const type = yield* readColumnType(bytes, argument, known, { asBytes });
      columns.push(yield* readNativeColumn(bytes, type, rows));
    }
    if (rows > 0) yield { type: 'batch', columns, rows };
    yield { type: 'blockEnd' };
  }
}

function* readColumnType(
  bytes: ByteQueue,
  declared: Argument,
  known: Map<string, DataType>,
  options: StringOptions,
): Reading<DataType> {
  const name = (yield* readString(bytes)).toString();
  const typeName = (yield* readString(bytes)).toString();
  let type = known.get(typeName);
  if (type === undefined) {
    type = readDataType(typeName, options);
    if (!isSame(type, declared.type)) {
      throw new EmbedhouseError(
        'FORMAT_INVALID',
        `argument '${name}' arrived as ${typeName}, expected ${declared.typeName}: cast it with CAST(${name}, '${declared.typeName}')`,
      );
    }
    known.set(typeName, type);
  }
  return type;
}

/** Whether values of two types are the same to a function, apart from being null. */
function isSame(first: DataType, second: DataType): boolean {
  if (first.kind === 'lowCardinality') return isSame(first.inner, second);
  if (second.kind === 'lowCardinality') return isSame(first, second.inner);
  if (first.kind === 'nullable') return isSame({ kind: 'scalar', scalar: first.inner }, second);
  if (second.kind === 'nullable') return isSame(first, { kind: 'scalar', scalar: second.inner });
  switch (first.kind) {
    case 'scalar':
      return second.kind === 'scalar' && first.scalar.name === second.scalar.name;
    case 'array':
      return second.kind === 'array' && isSame(first.inner, second.inner);
    case 'map':
      return second.kind === 'map' && isSame(first.key, second.key) && isSame(first.value, second.value);
    case 'tuple':
  }
  if (second.kind !== 'tuple' || first.items.length !== second.items.length) return false;
  return first.items.every((item, index) => {
    const other = second.items[index];
    return other !== undefined && isSame(item, other);
  });
}
