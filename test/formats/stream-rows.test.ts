import { describe, expect, test } from 'vitest';

import { writeStringRows } from '../../src/formats/string-rows.ts';
import { VectorReader } from '../../src/formats/vector-reader.ts';

describe('rows of strings', () => {
  test('are a block of RowBinary behind its number of rows', () => {
    const written = Buffer.concat([...writeStringRows(['a dog', '', 'é', new Uint8Array([0, 255])])]);
    expect(written.toString('latin1')).toBe('4\n\x05a dog\x00\x02Ã©\x02\x00ÿ');
    const long = Buffer.concat([...writeStringRows(['x'.repeat(300)])]);
    // 300 in LEB128, as ClickHouse writes it.
    expect(long.subarray(0, 5).toString('latin1')).toBe('1\n\xac\x02x');
    expect(long).toHaveLength(304);
  });

  test('of part of a buffer are that part', () => {
    const part = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    expect(Buffer.concat([...writeStringRows([part])]).toString('latin1')).toBe('1\n\x02\x02\x03');
  });

  test('are written when they are asked for', () => {
    const rows = ['x'.repeat(100_000), 'y'.repeat(100_000), 'z'];
    const lengths = [...writeStringRows(rows)].map(({ length }) => length);
    expect(lengths).toEqual([100_005, 100_003, 2]);
  });
});

describe('rows of vectors', () => {
  // 1, 2 and -0.5, 0 as floats.
  const bytes = Buffer.from('020000803f0000004002000000bf00000000', 'hex');

  test('are one array, however their bytes arrive', () => {
    for (const size of [1, 3, 7, bytes.length]) {
      const reader = new VectorReader(2);
      for (let at = 0; at < bytes.length; at += size) {
        reader.push(bytes.subarray(at, at + size));
      }
      expect([...reader.vectors]).toEqual([1, 2, -0.5, 0]);
      expect(reader.dimensions).toBe(2);
    }
  });

  test('must all have the same length, and be as many as were asked for', () => {
    const invalid = expect.objectContaining({ code: 'FORMAT_INVALID' });
    expect(() => new VectorReader(1).push(bytes)).toThrow(invalid);
    const shorter = Buffer.concat([bytes.subarray(0, 9), Buffer.from('010000803f', 'hex')]);
    expect(() => new VectorReader(2).push(shorter)).toThrow(invalid);
  });
});
