import { open } from 'node:fs/promises';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';

/** What a file of vectors says of itself. */
export interface NpyHeader {
  rows: number;
  dimensions: number;
  /** Bytes of the whole file. */
  bytes: number;
}

const magic = Buffer.from('\x93NUMPY', 'latin1');
/** Magic, two bytes of version, and the header's length in two bytes (version 1) or four. */
const fixedBytes = 12;
/** numpy writes some 120 bytes; more than this is no header. */
const maxHeaderBytes = 65_536;

/** What ClickHouse reads as floats, and the bytes of each. */
const floatBytes: Record<string, number> = { f2: 2, f4: 4, f8: 8 };

/**
 * Reads the header of a `.npy` file of vectors, `[rows, dimensions]` of floats, and checks that the file is as long as it
 * says. The format is numpy's
 * [NEP 1](https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 *
 * @throws EmbedhouseError `FORMAT_INVALID` or `FILE_UNUSABLE`, saying of which file and why
 */
export async function readNpyHeader(path: string): Promise<NpyHeader> {
  const file = await open(path).catch((cause: Error) => {
    throw new EmbedhouseError('FILE_UNUSABLE', `${path} cannot be read (${cause.message})`, { cause });
  });
  try {
    const { size: bytes } = await file.stat();
    const start = Buffer.alloc(Math.min(bytes, maxHeaderBytes));
    await file.read(start, 0, start.length, 0);
    return { ...parseHeader(path, start, bytes), bytes };
  } finally {
    await file.close();
  }
}

function parseHeader(path: string, start: Buffer, bytes: number): Omit<NpyHeader, 'bytes'> {
  const invalid = (reason: string): EmbedhouseError => new EmbedhouseError('FORMAT_INVALID', `${path} ${reason}`);
  if (start.length < fixedBytes || !start.subarray(0, magic.length).equals(magic)) {
    throw invalid('is no .npy file: it does not begin as one');
  }
  const [textStart, textLength] = start[6] === 1 ? [10, start.readUInt16LE(8)] : [12, start.readUInt32LE(8)];
  const dataStart = textStart + textLength;
  const text = start.toString('latin1', textStart, dataStart);
  if (dataStart > start.length) throw invalid('is cut off within its header');

  const type = /'descr':\s*'[<>|=](?<type>\w+)'/.exec(text)?.groups?.['type'];
  const shape = /'shape':\s*\((?<shape>[\d\s,L]*)\)/.exec(text)?.groups?.['shape'] ?? '';
  const [rows, dimensions, ...more] = shape
    .split(',')
    .flatMap((size) => (size.trim() === '' ? [] : [parseInt(size, 10)]));
  const valueBytes = type === undefined ? undefined : floatBytes[type];
  if (valueBytes === undefined) throw invalid(`holds values of the type '${type ?? '?'}', not floats`);
  if (/'fortran_order':\s*True/.test(text)) {
    throw invalid('is in Fortran order, which ClickHouse does not read: save it again with numpy.ascontiguousarray');
  }
  if (rows === undefined || dimensions === undefined || more.length > 0) {
    throw invalid(`has the shape (${shape}), not that of vectors: (rows, dimensions)`);
  }
  const expected = dataStart + rows * dimensions * valueBytes;
  if (bytes !== expected) {
    const what = bytes < expected ? 'is cut off' : 'has something behind its vectors';
    throw invalid(`${what}: ${rows} vectors of ${dimensions} dimensions are ${expected} bytes, and it has ${bytes}`);
  }
  return { rows, dimensions };
}
