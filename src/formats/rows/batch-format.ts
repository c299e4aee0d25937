import type { Buffer } from 'node:buffer';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { ByteQueue } from '../byte-queue.ts';
import { readDataType } from '../types/data-type.ts';
import { ValueError } from '../types/value-error.ts';
import type { BatchReader, BatchReaderOptions } from './batch.ts';
import type { BatchFormatName } from './batch-format-name.ts';
import { jsonWriter, readJsonBatches } from './json-batches.ts';
import { readNativeBatches } from './native-batches.ts';
import { nativeWriter } from './native-writer.ts';
import { readRowBinaryBatches, rowBinaryWriter } from './row-binary-batches.ts';
import { readTabSeparatedBatches, tabSeparatedWriter } from './tab-separated-batches.ts';

export interface BatchFormatOptions {
  format: BatchFormatName;
  /** A function's arguments, in order. */
  arguments: readonly { name: string; type: string }[];
  returnType: string;
  /** The name of the answer's column, in formats that name columns. */
  returnName: string;
  /** Whether strings are handed over as Buffers; not in JSONEachRow. */
  asBytes: boolean;
}

/** The two directions of a function's data. */
export interface BatchFormat {
  read: (bytes: ByteQueue, options: BatchReaderOptions) => BatchReader;
  /** Writes results, one a row; may be called several times for one block. @throws RowError */
  write: (results: readonly unknown[]) => Buffer;
}

/** Says which of the results is not what the return type takes, by its index. */
export class RowError extends Error {
  readonly index: number;

  constructor(index: number, cause: ValueError) {
    super(cause.message, { cause });
    this.index = index;
  }
}

/**
 * Opens a format for the types of a function.
 * @throws FORMAT_INVALID for a type that is none, or of which no values can be handed to functions; FUNCTIONS_INVALID for
 *   a function without arguments
 */
export function openBatchFormat(options: BatchFormatOptions): BatchFormat {
  const { asBytes, format, returnName, returnType } = options;
  if (options.arguments.length === 0) {
    throw new EmbedhouseError(
      'FUNCTIONS_INVALID',
      'ClickHouse sends no rows to a function without arguments: declare one',
    );
  }
  const typed = options.arguments.map(({ name, type }) => ({
    name,
    typeName: type,
    type: readDataType(type, options),
  }));
  const types = typed.map(({ type }) => type);
  const result = readDataType(returnType, options);
  const encoding = asBytes ? 'latin1' : 'utf8';
  const formats: Record<BatchFormatName, () => BatchFormat> = {
    TabSeparated: () => ({
      read: (bytes, reading) => readTabSeparatedBatches(bytes, types, { ...reading, encoding }),
      write: tabSeparatedWriter(result, encoding),
    }),
    JSONEachRow: () => ({
      read: (bytes, reading) => readJsonBatches(bytes, types, reading),
      write: jsonWriter(result, returnName),
    }),
    RowBinary: () => ({
      read: (bytes, reading) => readRowBinaryBatches(bytes, types, reading),
      write: rowBinaryWriter(result),
    }),
    Native: () => ({
      read: (bytes, reading) => readNativeBatches(bytes, typed, { ...reading, asBytes }),
      write: nativeWriter(result, returnType, returnName),
    }),
  };
  const { read, write } = formats[format]();
  return { read, write: (results) => writeOrNameRow(write, results) };
}

/** Columns are written value by value whatever their rows: only writing each row alone tells which one is wrong. */
function writeOrNameRow(write: BatchFormat['write'], results: readonly unknown[]): Buffer {
  try {
    return write(results);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    for (let index = 0; index < results.length; index++) {
      try {
        write([results[index]]);
      } catch (cause) {
        if (cause instanceof ValueError) throw new RowError(index, cause);
        throw cause;
      }
    }
    throw error;
  }
}
