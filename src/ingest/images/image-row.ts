import { encodeVarint } from '../../formats/row-binary.ts';

/** An image as its table holds it. */
export interface ImageRow {
  path: string;
  bytes: number;
  width: number;
  height: number;
  format: string;
  /** In microseconds since 1970. */
  modified: number;
  /** In hexadecimal. */
  sha256: string;
  /** '' where there is none. */
  caption: string;
  imageEmbedding: Float32Array;
  textEmbedding: Float32Array;
}

/** A file that could not be embedded, and why. */
export interface Failure {
  path: string;
  reason: string;
  bytes: number;
  /** In microseconds since 1970. */
  modified: number;
}

/** The columns of the table of images, in the order in which rows are written. */
export const imageColumns = {
  path: 'String',
  bytes: 'UInt64',
  width: 'UInt32',
  height: 'UInt32',
  format: 'LowCardinality(String)',
  modified: 'DateTime64(6)',
  sha256: 'FixedString(64)',
  caption: 'String',
  image_embedding: 'Array(Float32)',
  text_embedding: 'Array(Float32)',
} as const;

/** The columns of the table of failures, in the order in which rows are written. */
export const failureColumns = {
  path: 'String',
  reason: 'String',
  bytes: 'UInt64',
  modified: 'DateTime64(6)',
  at: 'DateTime',
} as const;

/** Writes a row of `imageColumns` in RowBinary, which keeps floats as they are. */
export function encodeImageRow(row: ImageRow): Buffer {
  return Buffer.concat([
    string(row.path),
    int64(row.bytes),
    uint32(row.width),
    uint32(row.height),
    string(row.format),
    int64(row.modified),
    Buffer.from(row.sha256, 'latin1'),
    string(row.caption),
    floats(row.imageEmbedding),
    floats(row.textEmbedding),
  ]);
}

/** Writes a row of `failureColumns` in RowBinary. */
export function encodeFailure({ path, reason, bytes, modified }: Failure, atSeconds: number): Buffer {
  return Buffer.concat([string(path), string(reason), int64(bytes), int64(modified), uint32(atSeconds)]);
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([encodeVarint(bytes.length), bytes]);
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function floats({ buffer, byteOffset, byteLength, length }: Float32Array): Buffer {
  return Buffer.concat([encodeVarint(length), Buffer.from(buffer, byteOffset, byteLength)]);
}
