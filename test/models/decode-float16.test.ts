import { expect, test } from 'vitest';

import { decodeFloat16 } from '../../src/models/decode-float16.ts';

// The examples of https://en.wikipedia.org/wiki/Half-precision_floating-point_format
test.each([
  [0x0000, 0],
  [0x8000, -0],
  [0x0001, 2 ** -24],
  [0x03ff, 0.00006097555160522461],
  [0x0400, 2 ** -14],
  [0x3555, 0.333251953125],
  [0x3bff, 0.99951171875],
  [0x3c00, 1],
  [0x3c01, 1.0009765625],
  [0x7bff, 65_504],
  [0xc000, -2],
  [0x7c00, Infinity],
  [0xfc00, -Infinity],
  [0x7e00, Number.NaN],
])('decodes %i as %d', (bits, value) => {
  expect(decodeFloat16(Uint16Array.of(bits))).toEqual(Float32Array.of(value));
});
