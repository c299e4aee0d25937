import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { vectorFormats, type VectorFormatName } from '../../src/formats/vector-format.ts';
import { openTestEngine } from '../engine/open-test-engine.ts';

const dimensions = 5;
const special = [
  0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff, 0x7f800000,
  0xff800000, 0x7fc00000, 0x3f800000, 0x3f7fffff, 0x34000000, 0x4b800001,
];

let engine: Engine;
let folder: string;

beforeAll(async () => {
  engine = await openTestEngine();
  folder = await mkdtemp(join(tmpdir(), 'vectors-'));
});

afterAll(async () => {
  await engine?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Has ClickHouse read what a writer wrote, in several writes of a few rows; answers the bits of all floats. */
async function readByClickHouse(format: VectorFormatName, bits: Uint32Array, rowsPerWrite: number): Promise<number[]> {
  const vectors = new Float32Array(bits.buffer);
  const step = rowsPerWrite * dimensions;
  const parts = Array.from({ length: Math.ceil(vectors.length / step) }, (_, index) => {
    const part = vectors.subarray(index * step, (index + 1) * step);
    return vectorFormats[format].write({ vectors: part, rows: part.length / dimensions, dimensions });
  });
  const file = join(folder, `${format}.bin`);
  await writeFile(file, Buffer.concat(parts));
  const rows = await engine.rows<{ bits: number[] }>(
    `SELECT arrayMap(x -> reinterpretAsUInt32(x), result) AS bits FROM file('${file}', ${format}, 'result Array(Float32)') SETTINGS max_threads = 1`,
  );
  expect(rows.every(({ bits }) => bits.length === dimensions)).toBe(true);
  return rows.flatMap(({ bits }) => bits);
}

/** All bit patterns that are not a number are one in a format of text. */
function withoutNanBits(bits: Iterable<number>): number[] {
  return Array.from(bits, (value) => ((value & 0x7fffffff) >>> 0 > 0x7f800000 ? 0x7fc00000 : value));
}

describe.each(['RowBinary', 'Native', 'TabSeparated'] as const)('vectors written as %s', (format) => {
  const comparable = format === 'TabSeparated' ? withoutNanBits : (bits: Iterable<number>) => [...bits];

  test('reach ClickHouse bit for bit: zeros of both signs, denormals, extremes, infinities, NaN', async () => {
    const bits = Uint32Array.from(special);
    expect(comparable(await readByClickHouse(format, bits, 2))).toEqual(comparable(bits));
  });

  test('reach ClickHouse bit for bit whatever their floats are', async () => {
    const anyFloat = fc.oneof(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.float({ min: -2, max: 2, noNaN: true }).map((value) => new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0),
    );
    const rows = fc.array(fc.tuple(anyFloat, anyFloat, anyFloat, anyFloat, anyFloat), {
      minLength: 100,
      maxLength: 300,
    });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 100 }), async (rows, rowsPerWrite) => {
        const bits = Uint32Array.from(rows.flat());
        expect(comparable(await readByClickHouse(format, bits, rowsPerWrite))).toEqual(comparable(bits));
      }),
      { numRuns: 8 },
    );
  });
});
