import { Buffer } from 'node:buffer';

import type { ByteQueue } from '../byte-queue.ts';
import { readChunkHeader } from '../row-reader.ts';
import type { DataType } from '../types/data-type.ts';
import type { Batch, BatchReader, BatchReaderOptions } from './batch.ts';
import { ByteSink } from './byte-sink.ts';
import { ByteSource } from './byte-source.ts';
import { rowBinaryCodec, type RowBinaryCodec } from './row-binary-codec.ts';
import { waitForByte } from './wait-for-byte.ts';

/** Reads `RowBinary` blocks, as many whole rows at a time as have arrived together. */
export function* readRowBinaryBatches(
  bytes: ByteQueue,
  types: readonly DataType[],
  { chunkHeader, place }: BatchReaderOptions,
): BatchReader {
  const codecs = types.map(rowBinaryCodec);
  for (;;) {
    let rowsLeft = Number.POSITIVE_INFINITY;
    if (chunkHeader) {
      yield* waitForByte(bytes, place);
      rowsLeft = yield* readChunkHeader(bytes);
    }
    while (rowsLeft > 0) {
      if (!chunkHeader) yield* waitForByte(bytes, place);
      const source = new ByteSource(bytes.front ?? Buffer.of());
      let batch = readWholeRows(source, codecs, rowsLeft);
      if (batch.rows === 0) {
        // The row is cut, or lies in two pieces.
        const parts: Buffer[] = [];
        for (const codec of codecs) yield* codec.take(bytes, parts);
        batch = readWholeRows(new ByteSource(Buffer.concat(parts)), codecs, 1);
      } else {
        bytes.take(source.position);
      }
      rowsLeft -= batch.rows;
      yield { type: 'batch', ...batch };
    }
    yield { type: 'blockEnd' };
  }
}

/** Reads rows to the end of the source, whose position is then the end of the last whole row. */
function readWholeRows(source: ByteSource, codecs: readonly RowBinaryCodec[], maxRows: number): Batch {
  const columns = codecs.map((): unknown[] => []);
  // Most functions have one argument.
  const [onlyColumn, onlyCodec] = codecs.length === 1 ? [columns[0], codecs[0]] : [];
  const { length } = source.bytes;
  let rows = 0;
  while (rows < maxRows && source.position < length) {
    const start = source.position;
    if (onlyColumn !== undefined && onlyCodec !== undefined) onlyColumn.push(onlyCodec.read(source));
    else for (let index = 0; index < codecs.length; index++) columns[index]?.push(codecs[index]?.read(source));
    if (source.isCut) {
      for (const column of columns) column.pop();
      source.position = start;
      break;
    }
    rows++;
  }
  return { columns, rows };
}

/** Writes results as `RowBinary` rows of one column. */
export function rowBinaryWriter(type: DataType): (results: readonly unknown[]) => Buffer {
  const codec = rowBinaryCodec(type);
  const sink = new ByteSink();
  return (results) => {
    sink.length = 0;
    for (let row = 0; row < results.length; row++) codec.write(sink, results[row]);
    return sink.take();
  };
}
