import type { Buffer } from 'node:buffer';

import type { ByteQueue } from './byte-queue.ts';
import { readNative, writeNative } from './native.ts';
import { readRowBinary, writeRowBinary } from './row-binary.ts';
import type { ReaderOptions, RowReader } from './row-reader.ts';
import { readTabSeparated, writeTabSeparated } from './tab-separated.ts';

/** A ClickHouse format in which a hosted function can be called. */
export interface VectorFormat {
  read(bytes: ByteQueue, options: ReaderOptions): RowReader;
  /** Writes whole rows of vectors, shape [rows, dimensions]; may be called several times for one block. */
  write(vectors: Float32Array, dimensions: number): Buffer;
}

/** The formats by ClickHouse's names. */
export const vectorFormats = {
  RowBinary: { read: readRowBinary, write: writeRowBinary },
  Native: {
    read: readNative,
    // 'result' is ClickHouse's default <return_name>.
    write: (vectors, dimensions) => writeNative(vectors, dimensions, 'result'),
  },
  TabSeparated: { read: readTabSeparated, write: writeTabSeparated },
} as const satisfies Record<string, VectorFormat>;

export type VectorFormatName = keyof typeof vectorFormats;

export const vectorFormatNames = ['Native', 'RowBinary', 'TabSeparated'] as const satisfies VectorFormatName[];
