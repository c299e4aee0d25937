import type { BigScalar, NumberScalar } from './scalar.ts';
import { openClock, type Clock } from './time-zone.ts';
import { unexpected } from './value-error.ts';

/** Seconds of which ten digits are what ClickHouse reads as a timestamp, in whatever way it reads dates. */
const lastTimestamp = 9_999_999_999;
/** What ClickHouse's calendar holds: 1900 to 2299. */
const firstSecond = -2_208_988_800;
const lastSecond = 10_413_791_999;

function lazyClock(zone: string | undefined): () => Clock {
  let clock: Clock | undefined;
  return () => (clock ??= openClock(zone));
}

/** `DateTime`: a `Date`. A function may return a `Date` or a text such as `'2024-01-31T12:00:00Z'`. */
export function dateTime(zone: string | undefined): NumberScalar {
  const clock = lazyClock(zone);
  const toRaw = (value: unknown): number => {
    const seconds = toSeconds(value);
    if (seconds !== undefined && seconds >= 0 && seconds <= 0xffff_ffff) return seconds;
    throw unexpected("DateTime (a Date from 1970 to 2106, or a text such as '2024-01-31T12:00:00Z')", value);
  };
  return {
    name: 'DateTime',
    layout: 'UInt32',
    isQuoted: true,
    fromRaw: (raw) => new Date(raw * 1000),
    toRaw,
    parse: (text) => new Date(parseText(text, clock).ms),
    format: (value) => String(toRaw(value)).padStart(10, '0'),
  };
}

function toSeconds(value: unknown): number | undefined {
  const ticks = toTicks(value, 0);
  return ticks === undefined ? undefined : Number(ticks);
}

/**
 * `DateTime64(S)`: a `Date` up to milliseconds (S from 0 to 3), above a text with all digits, such as
 * `'2024-01-31T12:00:00.123456Z'`. A function may return either.
 */
export function dateTime64(scale: number, zone: string | undefined): BigScalar {
  const clock = lazyClock(zone);
  const name = `DateTime64(${scale})`;
  const unit = 10n ** BigInt(scale);
  const fromRaw =
    scale <= 3
      ? (raw: bigint): Date => new Date(Number(raw) * 10 ** (3 - scale))
      : (raw: bigint): string => formatInstant(raw, scale);
  const toRaw = (value: unknown): bigint => {
    const ticks = toTicks(value, scale);
    if (ticks !== undefined && BigInt.asIntN(64, ticks) === ticks) return ticks;
    throw unexpected(`${name} (a Date, or a text such as '2024-01-31T12:00:00.123Z')`, value);
  };
  const parse = (text: string): Date | string => {
    const { ms, fraction } = parseText(text, clock);
    return fromRaw((BigInt(ms) / 1000n) * unit + BigInt(`0${fraction.padEnd(scale, '0').slice(0, scale)}`));
  };
  const format = (value: unknown): string => {
    const ticks = toRaw(value);
    const seconds = floorDivide(ticks, unit);
    if (seconds < firstSecond || seconds > lastSecond) throw unexpected(`${name} from 1900 to 2299`, value);
    const digits = scale === 0 ? '' : `.${String(ticks - seconds * unit).padStart(scale, '0')}`;
    if (seconds >= 0n && seconds <= lastTimestamp) return String(seconds).padStart(10, '0') + digits;
    const local = new Date(clock().toLocal(Number(seconds) * 1000)).toISOString();
    return `${local.slice(0, 10)} ${local.slice(11, 19)}${digits}`;
  };
  return { name, layout: 'Int64', isQuoted: true, fromRaw, toRaw, parse, format };
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

function formatInstant(ticks: bigint, scale: number): string {
  const unit = 10n ** BigInt(scale);
  const seconds = floorDivide(ticks, unit);
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
  return `${whole}.${String(ticks - seconds * unit).padStart(scale, '0')}Z`;
}

const instant = /^(?<whole>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?<fraction>\d+))?Z$/;

/** Gives an instant in ticks of 10^-scale seconds, cut off below. */
function toTicks(value: unknown, scale: number): bigint | undefined {
  const unit = 10n ** BigInt(scale);
  if (value instanceof Date) {
    const ms = value.getTime();
    return Number.isNaN(ms) ? undefined : floorDivide(BigInt(Math.floor(ms)) * unit, 1000n);
  }
  const groups = typeof value === 'string' ? instant.exec(value)?.groups : undefined;
  if (groups === undefined) return undefined;
  const ms = Date.parse(`${groups['whole']}Z`);
  if (Number.isNaN(ms)) return undefined;
  const fraction = (groups['fraction'] ?? '').padEnd(scale, '0').slice(0, scale);
  return (BigInt(ms) / 1000n) * unit + BigInt(`0${fraction}`);
}

/** Reads whole seconds and their fraction, in any of the ways of ClickHouse's `date_time_output_format`. */
function parseText(text: string, clock: () => Clock): { ms: number; fraction: string } {
  const [whole = '', fraction = ''] = text.replace('Z', '').split('.');
  if (/^-?\d+$/.test(whole)) return { ms: Number(whole) * 1000, fraction };
  const ms = Date.parse(`${whole.replace(' ', 'T')}Z`);
  return { ms: text.endsWith('Z') ? ms : clock().toInstant(ms), fraction };
}
