import { Buffer } from 'node:buffer';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { ByteQueue } from '../byte-queue.ts';
import type { DataType } from '../types/data-type.ts';
import type { BatchReader, BatchReaderOptions } from './batch.ts';
import { hasLongNumbers, jsonCodec } from './json-codec.ts';
import { readLineBatches } from './line-batches.ts';

/** A string, or a number outside of strings. */
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Reads `JSONEachRow` blocks. Arguments are found by their places, which are those of their names in each row. */
export function readJsonBatches(
  bytes: ByteQueue,
  types: readonly DataType[],
  options: BatchReaderOptions,
): BatchReader {
  const codecs = types.map(jsonCodec);
  const isLong = types.some(hasLongNumbers);
  return readLineBatches(bytes, { ...options, encoding: 'utf8' }, (lines) => {
    const columns = codecs.map((): unknown[] => []);
    for (const line of lines) {
      const row = parseRow(isLong ? line.replaceAll(stringOrNumber, quoteNumber) : line);
      if (row.length !== codecs.length) {
        throw new EmbedhouseError(
          'FORMAT_INVALID',
          `expected ${codecs.length} values in a row, found ${row.length}: the definition's arguments and its command differ`,
        );
      }
      for (const [index, codec] of codecs.entries()) columns[index]?.push(codec.parse(row[index]));
    }
    return columns;
  });
}

/** A number in quotes keeps all its digits. */
function quoteNumber(token: string): string {
  return token.startsWith('"') ? token : `"${token}"`;
}

function parseRow(line: string): unknown[] {
  try {
    return Object.values(JSON.parse(line) as object); // Whatever JSON holds has values, or none.
  } catch (cause) {
    const shown = line.length > 60 ? `${line.slice(0, 60)}…` : line;
    const message = `expected an object in JSON for each row, found '${shown}': the definition's <format> and its command differ`;
    throw new EmbedhouseError('FORMAT_INVALID', message, { cause });
  }
}

/** Writes results as `JSONEachRow` lines with one column. */
export function jsonWriter(type: DataType, columnName: string): (results: readonly unknown[]) => Buffer {
  const { format } = jsonCodec(type);
  const prefix = `{${JSON.stringify(columnName)}:`;
  return (results) => {
    let text = '';
    for (let row = 0; row < results.length; row++) text += `${prefix}${format(results[row])}}\n`;
    return Buffer.from(text);
  };
}
