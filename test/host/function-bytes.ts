import { Buffer } from 'node:buffer';

import type { VectorFormatName } from '../../src/formats/vector-format.ts';

/** Writes blocks as ClickHouse does, by the formats' documentation; tabs and the like are not escaped. */
export function writeBlock(format: VectorFormatName, values: readonly (string | Buffer)[], chunkHeader = true): Buffer {
  const cells = values.map((value) => Buffer.from(value));
  const header = Buffer.from(chunkHeader ? `${cells.length}\n` : '');
  if (format === 'TabSeparated') {
    return Buffer.concat([header, ...cells.flatMap((cell) => [cell, Buffer.from('\n')])]);
  }
  const strings = cells.flatMap((cell) => [varint(cell.length), cell]);
  const native = format === 'Native' ? [Buffer.from([1]), varint(cells.length), Buffer.from('\x01v\x06String')] : [];
  return Buffer.concat([header, ...native, ...strings]);
}

/** Reads `Array(Float32)` rows by the formats' documentation. */
export function readVectors(format: VectorFormatName, output: Buffer): number[][] {
  if (format === 'TabSeparated') {
    const lines = output.toString().split('\n').slice(0, -1);
    return lines.map((line) => Array.from(JSON.parse(line) as number[], Math.fround));
  }
  return format === 'RowBinary' ? readRows(output) : readNative(output);
}

function readRows(output: Buffer): number[][] {
  const vectors: number[][] = [];
  for (let at = 0; at < output.length;) {
    const length = output.readUInt8(at); // The tiny model's 16 dimensions are one byte.
    vectors.push(floats(output, at + 1, length));
    at += 1 + length * 4;
  }
  return vectors;
}

function readNative(output: Buffer): number[][] {
  const vectors: number[][] = [];
  for (let at = 0; at < output.length;) {
    const [rows, size] = readVarint(output, at + 1);
    at += 1 + size;
    at += 1 + output.readUInt8(at); // The column's name,
    at += 1 + output.readUInt8(at); // and its type.
    const offsets = Array.from({ length: rows }, (_, row) => Number(output.readBigUInt64LE(at + row * 8)));
    at += rows * 8;
    for (const [row, end] of offsets.entries()) {
      const start = offsets[row - 1] ?? 0;
      vectors.push(floats(output, at + start * 4, end - start));
    }
    at += (offsets.at(-1) ?? 0) * 4;
  }
  return vectors;
}

function floats(output: Buffer, at: number, length: number): number[] {
  return Array.from({ length }, (_, index) => output.readFloatLE(at + index * 4));
}

function varint(value: number): Buffer {
  return Buffer.from(value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]);
}

function readVarint(bytes: Buffer, at: number): [value: number, size: number] {
  const byte = bytes.readUInt8(at);
  if (byte < 128) {
    return [byte, 1];
  }
  const [rest, size] = readVarint(bytes, at + 1);
  return [byte - 128 + rest * 128, size + 1];
}
