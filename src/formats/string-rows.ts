import { Buffer } from 'node:buffer';

import { encodeVarint } from './row-binary.ts';

/** As much as a socket's buffer holds: a write for each short row would cost more than the row. */
const chunkBytes = 64 * 1024;

/**
 * Writes one `RowBinary` block with one String column, its number of rows as a line before it, in chunks of some 64 KiB:
 * what is not asked for yet is not written yet. Text is written as UTF-8, bytes as they are.
 */
export function* writeStringRows(values: readonly (string | Uint8Array)[]): Generator<Buffer, void, undefined> {
  let pending: Buffer[] = [Buffer.from(`${values.length}\n`)];
  let pendingBytes = 0;
  for (const value of values) {
    const bytes =
      typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    pending.push(encodeVarint(bytes.length), bytes);
    pendingBytes += bytes.length;
    if (pendingBytes >= chunkBytes) {
      yield Buffer.concat(pending);
      pending = [];
      pendingBytes = 0;
    }
  }
  yield Buffer.concat(pending);
}
