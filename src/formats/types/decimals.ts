import { readBigint, writeBigint } from './integers.ts';
import type { Scalar } from './scalar.ts';
import type { TypeNode } from './type-node.ts';
import { unexpected } from './value-error.ts';

const precisions: Readonly<Record<string, number>> = { Decimal32: 9, Decimal64: 18, Decimal128: 38, Decimal256: 76 };

/** `Decimal(P, S)` and `Decimal32(S)` to `Decimal256(S)`: texts with all digits of the scale, such as `'12.50'`. */
export function decimal({ family, literals }: TypeNode): Scalar | undefined {
  const fixed = precisions[family];
  if (family !== 'Decimal' && fixed === undefined) return undefined;
  const precision = fixed ?? Number(literals[0] ?? 10);
  const scale = Number(literals[fixed === undefined ? 1 : 0] ?? 0);
  const name = `Decimal(${precision}, ${scale})`;
  const parse = (text: string): string => toText(toUnits(text, scale) ?? 0n, scale);
  const units = (value: unknown): bigint => {
    const found = toUnits(value, scale);
    if (found !== undefined && -limit < found && found < limit) return found;
    const example = scale === 0 ? "'12'" : `'12.${'5'.padEnd(scale, '0')}'`;
    throw unexpected(`${name} (a text such as ${example}, a number, or a bigint)`, value);
  };
  const limit = 10n ** BigInt(precision);
  const shared = { name, parse, format: (value: unknown) => toText(units(value), scale), isQuoted: false };
  if (precision <= 9) {
    return {
      ...shared,
      layout: 'Int32',
      fromRaw: (raw) => toText(BigInt(raw), scale),
      toRaw: (value) => Number(units(value)),
    };
  }
  if (precision <= 18) return { ...shared, layout: 'Int64', fromRaw: (raw) => toText(raw, scale), toRaw: units };
  const layout = precision <= 38 ? 16 : 32;
  return {
    ...shared,
    layout,
    fromRaw: (raw) => toText(readBigint(raw, true), scale),
    toRaw: (value) => writeBigint(units(value), layout),
  };
}

function toText(units: bigint, scale: number): string {
  if (scale === 0) return String(units);
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Gives a value in units of the last digit. Numbers are rounded to the scale; texts must not have more digits. */
function toUnits(value: unknown, scale: number): bigint | undefined {
  if (typeof value === 'bigint') return value * 10n ** BigInt(scale);
  const isNumber = typeof value === 'number';
  if (isNumber && !(Math.abs(value) < 1e21)) return undefined;
  const text = isNumber ? value.toFixed(scale) : value;
  if (typeof text !== 'string') return undefined;
  const groups = /^(?<sign>[+-]?)(?<whole>\d+)(?:\.(?<fraction>\d*))?$/.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const fraction = (groups['fraction'] ?? '').replace(/0+$/, '');
  if (fraction.length > scale) return undefined;
  const units = BigInt((groups['whole'] ?? '') + fraction.padEnd(scale, '0'));
  return groups['sign'] === '-' ? -units : units;
}
