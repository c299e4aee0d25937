import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { quoteString } from '../../../src/engine/quote-string.ts';
import { readNpyHeader } from '../../../src/ingest/laion/read-npy-header.ts';
import { openTestEngine } from '../../engine/open-test-engine.ts';
import { laionFixtures, makeFolder } from './laion-parts.ts';

// Written by scripts/fixtures/laion.py.
const recorded = JSON.parse(readFileSync(join(laionFixtures, 'npy.json'), 'utf8')) as {
  name: string;
  shape: number[];
  type: string;
  bytes: number;
}[];
const pathOf = (name: string): string => join(laionFixtures, 'npy', `${name}.npy`);
const isRead = new Set([
  'float16',
  'version-2',
  'version-3',
  'float32',
  'float64',
  'big-endian-float16',
  'big-endian-float32',
  'no-rows',
  'no-dimensions',
]);

let engine: Engine;
let folder: string;

beforeAll(async () => {
  engine = await openTestEngine();
  folder = await makeFolder();
});

afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

const readable = recorded.filter(({ name }) => isRead.has(name));

test.each(readable)('reads the header that numpy wrote: $name', async ({ name, shape, bytes }) => {
  expect(await readNpyHeader(pathOf(name))).toEqual({ rows: shape[0], dimensions: shape[1], bytes });
});

test.each(readable.filter(({ shape }) => !shape.includes(0)))(
  'what it takes ClickHouse reads with the values of numpy.arange(24) / 8: $name',
  async ({ name }) => {
    const rows = await engine.rows<{ values: number[] }>(
      `SELECT array AS values FROM file(${quoteString(pathOf(name))}, Npy) SETTINGS max_threads = 1`,
    );
    expect(rows.flatMap(({ values }) => values)).toEqual(Array.from({ length: 24 }, (_, index) => index / 8));
  },
);

test.each([
  ['one-axis', 'has the shape (4,), not that of vectors: (rows, dimensions)'],
  ['three-axes', 'has the shape (6, 2, 2), not that of vectors: (rows, dimensions)'],
  ['no-axis', 'has the shape (), not that of vectors: (rows, dimensions)'],
  ['int8', "holds values of the type 'i1', not floats"],
  ['bool', "holds values of the type 'b1', not floats"],
  ['complex', "holds values of the type 'c8', not floats"],
  ['text', "holds values of the type 'S4', not floats"],
  ['fields', "holds values of the type '?', not floats"],
  ['fortran-order', 'is in Fortran order, which ClickHouse does not read: save it again with numpy.ascontiguousarray'],
])('refuses %s', async (name, reason) => {
  const path = pathOf(name);
  await expect(readNpyHeader(path)).rejects.toMatchObject({ code: 'FORMAT_INVALID', message: `${path} ${reason}` });
});

test.each<[string, (bytes: Buffer) => Uint8Array, string]>([
  ['nothing in it', () => Buffer.alloc(0), 'is no .npy file: it does not begin as one'],
  ['only its magic', (bytes) => bytes.subarray(0, 8), 'is no .npy file: it does not begin as one'],
  ['another beginning', (bytes) => Buffer.from(bytes.toString('base64')), 'is no .npy file: it does not begin as one'],
  ['half of its header', (bytes) => bytes.subarray(0, 64), 'is cut off within its header'],
  [
    'a byte too few',
    (bytes) => bytes.subarray(0, -1),
    'is cut off: 6 vectors of 4 dimensions are 176 bytes, and it has 175',
  ],
  [
    'a byte too many',
    (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
    'has something behind its vectors: 6 vectors of 4 dimensions are 176 bytes, and it has 177',
  ],
])('refuses a file with %s', async (_, change, reason) => {
  const path = join(folder, 'changed.npy');
  await writeFile(path, change(await readFile(pathOf('float16'))));
  await expect(readNpyHeader(path)).rejects.toMatchObject({ code: 'FORMAT_INVALID', message: `${path} ${reason}` });
});

test('a file that is not there is named', async () => {
  const path = join(folder, 'missing.npy');
  const error = { code: 'FILE_UNUSABLE', message: expect.stringContaining(`${path} cannot be read`) };
  await expect(readNpyHeader(path)).rejects.toMatchObject(error);
});
