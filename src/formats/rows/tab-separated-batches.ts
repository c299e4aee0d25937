import { Buffer } from 'node:buffer';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { ByteQueue } from '../byte-queue.ts';
import type { DataType } from '../types/data-type.ts';
import type { BatchReader, BatchReaderOptions } from './batch.ts';
import { readLineBatches } from './line-batches.ts';
import { textCodec } from './text-codec.ts';

/** Reads `TabSeparated` blocks. @throws FORMAT_INVALID if a line has another number of fields than there are types */
export function readTabSeparatedBatches(
  bytes: ByteQueue,
  types: readonly DataType[],
  options: BatchReaderOptions & { encoding: 'utf8' | 'latin1' },
): BatchReader {
  const codecs = types.map(textCodec);
  const [only] = codecs;
  return readLineBatches(bytes, options, (lines) => {
    if (codecs.length === 1 && only !== undefined) {
      for (const line of lines) if (line.includes('\t')) refuse(line, 1);
      return [lines.map(only.parse)];
    }
    const columns = codecs.map((): unknown[] => []);
    for (const line of lines) {
      const fields = line.split('\t');
      if (fields.length !== codecs.length) refuse(line, codecs.length);
      for (const [index, codec] of codecs.entries()) columns[index]?.push(codec.parse(fields[index] ?? ''));
    }
    return columns;
  });
}

function refuse(line: string, expected: number): never {
  throw new EmbedhouseError(
    'FORMAT_INVALID',
    `expected ${expected} tab-separated fields in a row, found ${line.split('\t').length}: the definition's arguments and its command differ`,
  );
}

/** Writes results as `TabSeparated` lines. */
export function tabSeparatedWriter(
  type: DataType,
  encoding: 'utf8' | 'latin1',
): (results: readonly unknown[]) => Buffer {
  const { format } = textCodec(type);
  return (results) => {
    let text = '';
    for (let row = 0; row < results.length; row++) text += `${format(results[row])}\n`;
    return Buffer.from(text, encoding);
  };
}
