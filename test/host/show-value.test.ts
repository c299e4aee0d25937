import { Buffer } from 'node:buffer';

import { describe, expect, test } from 'vitest';

import { showValue } from '../../src/host/show-value.ts';

describe('a value in an error', () => {
  test.each([
    ['text', 'a dog', `'a dog'`],
    ['an empty text', '', `''`],
    ['other scripts and emoji', 'красный 红色 🐕', `'красный 红色 🐕'`],
    ['line ends, tabs and NUL', 'a\nb\tc\0d', String.raw`'a\nb\tc\u0000d'`],
    ['what JSON leaves as it is', 'a\x7fb\x85c\u2028d', String.raw`'a\u007fb\u0085c\u2028d'`],
  ])('shows %s on one line', (_, value, shown) => {
    expect(showValue(Buffer.from(value))).toBe(shown);
  });

  test('shows bytes that are no text', () => {
    expect(showValue(Buffer.from([0x61, 0xff, 0x0a, 0xc3]))).toBe(String.raw`'a\xff\x0a\xc3'`);
  });

  test('is shortened to 60 bytes and says how long it is', () => {
    expect(showValue(Buffer.from('x'.repeat(1_000)))).toBe(`'${'x'.repeat(60)}…' (1000 bytes)`);
    expect(showValue(Buffer.from('x'.repeat(60)))).toBe(`'${'x'.repeat(60)}'`);
  });

  test('is not cut in the middle of a character', () => {
    expect(showValue(Buffer.from(`x${'é'.repeat(40)}`))).toBe(`'x${'é'.repeat(29)}…' (81 bytes)`);
  });
});
