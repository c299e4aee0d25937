import type { Scalar } from './scalar.ts';
import { unexpected } from './value-error.ts';

function toNumber(name: string): (value: unknown) => number {
  return (value) => {
    if (typeof value === 'number') return value;
    throw unexpected(`${name} (a number)`, value);
  };
}

function parseFloatText(text: string): number {
  if (text === 'nan' || text === '-nan') return Number.NaN;
  if (text === 'inf' || text === '+inf') return Number.POSITIVE_INFINITY;
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

/** `Float32`, `Float64` and `BFloat16`, as numbers. */
export function float(name: string): Scalar | undefined {
  if (name !== 'Float32' && name !== 'Float64' && name !== 'BFloat16') return undefined;
  const toRaw = toNumber(name);
  const shared = { name, isQuoted: false } as const;
  switch (name) {
    case 'Float64':
      return { ...shared, layout: name, toRaw, parse: parseFloatText, format: (value) => formatFloat(toRaw(value)) };
    case 'Float32':
      return {
        ...shared,
        layout: name,
        toRaw,
        parse: (text) => Math.fround(parseFloatText(text)),
        format: (value) => formatFloat(toRaw(value)),
      };
    case 'BFloat16':
  }
  return {
    ...shared,
    layout: 'UInt16',
    fromRaw: decodeBfloat16,
    toRaw: (value) => encodeBfloat16(toRaw(value)),
    parse: (text) => decodeBfloat16(encodeBfloat16(parseFloatText(text))),
    format: (value) => formatFloat(decodeBfloat16(encodeBfloat16(toRaw(value)))),
  };
}

const word = new DataView(new ArrayBuffer(4));

/** BFloat16 is the upper half of a Float32. */
function decodeBfloat16(bits: number): number {
  word.setUint32(0, bits * 0x1_0000);
  return word.getFloat32(0);
}

/** Rounds to the nearest, ties to even, as ClickHouse does. */
function encodeBfloat16(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  if (Number.isNaN(value)) return 0x7fc0;
  return Math.floor((bits + 0x7fff + ((bits >>> 16) & 1)) / 0x1_0000);
}
