import { Buffer } from 'node:buffer';

import { describe, expect, test } from 'vitest';

import { EmbedhouseError } from '../../src/errors/embedhouse-error.ts';
import { readAll, recordedBlocks, type ReadOptions } from './recorded-blocks.ts';

/** The error that reading ends with. */
function failureOf(bytes: Buffer | string, options: ReadOptions): EmbedhouseError {
  try {
    readAll([Buffer.from(bytes)], options);
  } catch (error) {
    if (error instanceof EmbedhouseError) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing was refused');
}

const tooLong = Buffer.from([0x81, 0x80, 0x80, 0x80, 0x01]); // 2^28 + 1
const absurd = Buffer.alloc(10, 0xff);
const nativeColumn = (type: string): Buffer =>
  Buffer.concat([Buffer.from([1, 1, 1]), Buffer.from('v'), Buffer.from([type.length]), Buffer.from(type)]);

describe('the chunk header', () => {
  test.each([
    ['is text', 'a dog\n'],
    ['is negative', '-1\n'],
    ['is empty', '\n'],
    ['has more digits than a block has rows', `${'9'.repeat(16)}\n`],
    ['never ends', 'x'.repeat(70_000)],
  ])('is refused when it %s', (_, bytes) => {
    for (const format of ['RowBinary', 'Native', 'TabSeparated'] as const) {
      expect(failureOf(bytes, { format, chunkHeader: true }).code).toBe('FORMAT_INVALID');
    }
  });

  test('is missed with the way to set it', () => {
    const bytes = recordedBlocks('TabSeparated', 'String', false).subarray(1);
    const { message } = failureOf(bytes, { format: 'TabSeparated', chunkHeader: true });
    expect(message).toContain("found 'a dog'");
    expect(message).toContain('<send_chunk_header>1</send_chunk_header>');
  });
});

describe('the number of columns', () => {
  test('is checked in each row of TabSeparated', () => {
    const { code, message } = failureOf('a\tb\n', { format: 'TabSeparated' });
    expect([code, message]).toEqual(['FORMAT_INVALID', expect.stringContaining('expected 1 tab-separated fields')]);
    expect(readAll([Buffer.from('a\tb\n')], { format: 'TabSeparated', columns: 2 }).rows).toHaveLength(1);
  });

  test('is checked in each block of Native', () => {
    const { code, message } = failureOf(Buffer.from([2, 1]), { format: 'Native' });
    expect([code, message]).toEqual([
      'FORMAT_INVALID',
      expect.stringContaining('expected 1 columns in a block, found 2'),
    ]);
  });
});

describe('a Native column', () => {
  test.each(['UInt64', 'Array(String)', 'LowCardinality(String)', 'Nullable(UInt8)', 'Nullable(String', 'String)'])(
    'of type %s is refused with the cast that helps',
    (type) => {
      const { code, message } = failureOf(nativeColumn(type), { format: 'Native' });
      expect([code, message]).toEqual(['FORMAT_INVALID', expect.stringContaining(`arrived as ${type}`)]);
      expect(message).toContain('toString(v)');
    },
  );
});

describe('a value', () => {
  test.each([
    ['RowBinary', tooLong],
    ['Native', Buffer.concat([nativeColumn('String'), tooLong])],
    ['Native', nativeColumn('FixedString(268435457)')],
    ['Native', Buffer.concat([Buffer.from([1]), tooLong, nativeColumn('Nullable(String)').subarray(2)])],
  ] as const)('over 256 MiB is refused before it has arrived (%s, %#)', (format, bytes) => {
    const { code, message } = failureOf(bytes, { format });
    expect([code, message]).toEqual(['FORMAT_INVALID', expect.stringContaining('268435457 bytes is over the limit')]);
  });

  test('of a length that no number holds is refused', () => {
    for (const format of ['RowBinary', 'Native'] as const) {
      expect(failureOf(absurd, { format }).code).toBe('FORMAT_INVALID');
    }
  });

  test('of 256 MiB and more is refused in TabSeparated, where no length announces it', () => {
    const mebibyte = Buffer.alloc(1024 * 1024, 'x');
    const chunks = Array.from({ length: 257 }, () => mebibyte);
    expect(() => readAll(chunks, { format: 'TabSeparated' })).toThrow(/a line of over 268435456 bytes/);
  });
});
