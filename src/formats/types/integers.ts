import { Buffer } from 'node:buffer';

import type { BigLayout, NumberLayout, Scalar } from './scalar.ts';
import { unexpected } from './value-error.ts';

const numberLayouts: Readonly<Record<string, NumberLayout>> = {
  UInt8: 'UInt8',
  UInt16: 'UInt16',
  UInt32: 'UInt32',
  Int8: 'Int8',
  Int16: 'Int16',
  Int32: 'Int32',
};
const bigLayouts: Readonly<Record<string, BigLayout>> = { UInt64: 'UInt64', Int64: 'Int64' };

/** `UInt8` to `Int256`: numbers up to 32 bits, bigints above. A function may return either where it is exact. */
export function integer(name: string): Scalar | undefined {
  const match = /^(?<unsigned>U?)Int(?<bits>8|16|32|64|128|256)$/.exec(name);
  if (match === null) return undefined;
  const bits = Number(match.groups?.['bits']);
  const isSigned = match.groups?.['unsigned'] === '';
  const numberLayout = numberLayouts[name];
  if (numberLayout !== undefined) return smallInteger(name, numberLayout, bits, isSigned);
  const { toBigint, format } = bigRange(name, bits, isSigned);
  const shared = { name, parse: BigInt, format, isQuoted: false };
  const bigLayout = bigLayouts[name];
  if (bigLayout !== undefined) return { ...shared, layout: bigLayout, toRaw: toBigint, takesNumbers: true };
  return {
    ...shared,
    layout: bits / 8,
    fromRaw: (raw: Buffer) => readBigint(raw, isSigned),
    toRaw: (value) => writeBigint(toBigint(value), bits / 8),
  };
}

function smallInteger(name: string, layout: NumberLayout, bits: number, isSigned: boolean): Scalar {
  const lowest = isSigned ? -(2 ** (bits - 1)) : 0;
  const highest = isSigned ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const toRaw = (value: unknown): number => {
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= lowest && number <= highest) return number;
    throw unexpected(`${name} (a whole number from ${lowest} to ${highest})`, value);
  };
  return { name, layout, toRaw, parse: Number, format: (value) => String(toRaw(value)), isQuoted: false };
}

function bigRange(
  name: string,
  bits: number,
  isSigned: boolean,
): { toBigint: (value: unknown) => bigint; format: (value: unknown) => string } {
  const clip = (big: bigint): bigint => (isSigned ? BigInt.asIntN(bits, big) : BigInt.asUintN(bits, big));
  const toBigint = (value: unknown): bigint => {
    const big = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
    if (typeof big === 'bigint' && clip(big) === big) return big;
    const range = isSigned ? `-2^${bits - 1} to 2^${bits - 1} - 1` : `0 to 2^${bits} - 1`;
    throw unexpected(`${name} (a bigint, or a safe whole number, from ${range})`, value);
  };
  // A number's text without making a bigint of it.
  const isPlain = (value: unknown): boolean => Number.isSafeInteger(value) && (isSigned || Number(value) >= 0);
  return { toBigint, format: (value) => String(isPlain(value) ? value : toBigint(value)) };
}

/** Reads a little-endian two's complement integer. */
export function readBigint(bytes: Buffer, isSigned: boolean): bigint {
  let value = 0n;
  for (let offset = bytes.length - 8; offset >= 0; offset -= 8) {
    value = (value << 64n) | bytes.readBigUInt64LE(offset);
  }
  return isSigned ? BigInt.asIntN(bytes.length * 8, value) : value;
}

/** Writes a little-endian two's complement integer that fits. */
export function writeBigint(value: bigint, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let offset = 0; offset < size; offset += 8) {
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value >> BigInt(offset * 8)), offset);
  }
  return bytes;
}
