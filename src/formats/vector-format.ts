import type { Buffer } from 'node:buffer';

import type { ByteQueue } from './byte-queue.ts';
import { readNative, writeNative } from './native.ts';
import { readRowBinary, writeRowBinary } from './row-binary.ts';
import type { ReaderOptions, RowReader } from './row-reader.ts';
import { readTabSeparated, writeTabSeparated } from './tab-separated.ts';

/** Vectors of one length, row after row. */
export interface VectorRows {
  /** Row-major, shape [rows, dimensions]. */
  vectors: Float32Array;
  rows: number;
  /** 0 for empty arrays. */
  dimensions: number;
}

/** A ClickHouse format in which a hosted function can be called. */
export interface VectorFormat {
  read(bytes: ByteQueue, options: ReaderOptions): RowReader;
  /** Writes whole rows of vectors; may be called several times for one block. */
  write(rows: VectorRows): Buffer;
}

/** The formats by ClickHouse's names. */
export const vectorFormats = {
  RowBinary: { read: readRowBinary, write: writeRowBinary },
  Native: {
    read: readNative,
    // 'result' is ClickHouse's default <return_name>.
    write: (rows) => writeNative(rows, 'result'),
  },
  TabSeparated: { read: readTabSeparated, write: writeTabSeparated },
} as const satisfies Record<string, VectorFormat>;

export type VectorFormatName = keyof typeof vectorFormats;

export const vectorFormatNames = ['Native', 'RowBinary', 'TabSeparated'] as const satisfies VectorFormatName[];
