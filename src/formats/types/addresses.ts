import { Buffer } from 'node:buffer';
import { isIPv4, isIPv6 } from 'node:net';

import type { BytesScalar, NumberScalar } from './scalar.ts';
import { unexpected } from './value-error.ts';

/** `UUID`: text such as `'00112233-4455-6677-8899-aabbccddeeff'`. ClickHouse stores two little-endian halves. */
export const uuid: BytesScalar = {
  name: 'UUID',
  layout: 16,
  isQuoted: true,
  fromRaw: (raw) => {
    const hex = swapHalves(raw).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  },
  toRaw: (value) => swapHalves(Buffer.from(checkUuid(value).replaceAll('-', ''), 'hex')),
  parse: (text) => text,
  format: checkUuid,
};

function checkUuid(value: unknown): string {
  if (typeof value === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)) return value;
  throw unexpected('UUID (a text of 36 characters)', value);
}

function swapHalves(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, 8).toReversed(), bytes.subarray(8).toReversed()]);
}

/** `IPv4`: text. */
export const ipv4: NumberScalar = {
  name: 'IPv4',
  layout: 'UInt32',
  isQuoted: true,
  fromRaw: (raw) => [24, 16, 8, 0].map((shift) => (raw >>> shift) & 0xff).join('.'),
  toRaw: (value) =>
    checkIpv4(value)
      .split('.')
      .reduce((sum, part) => sum * 256 + Number(part), 0),
  parse: (text) => text,
  format: checkIpv4,
};

function checkIpv4(value: unknown): string {
  if (typeof value === 'string' && isIPv4(value)) return value;
  throw unexpected("IPv4 (a text such as '192.0.2.1')", value);
}

/** `IPv6`: text as ClickHouse writes it; IPv4 addresses in it as `'::ffff:192.0.2.1'`. */
export const ipv6: BytesScalar = {
  name: 'IPv6',
  layout: 16,
  isQuoted: true,
  fromRaw: formatIpv6,
  toRaw: (value) => parseIpv6(checkIpv6(value)),
  parse: (text) => text,
  format: checkIpv6,
};

function checkIpv6(value: unknown): string {
  if (typeof value === 'string' && isIPv6(value) && !value.includes('%')) return value;
  throw unexpected("IPv6 (a text such as '2001:db8::1')", value);
}

function formatIpv6(bytes: Buffer): string {
  const mapped = bytes.subarray(0, 12).toString('hex') === '00000000000000000000ffff';
  if (mapped) return `::ffff:${bytes.subarray(12).join('.')}`;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  // The longest run of zeros, the first of equal ones, is left out.
  const runs = groups.join(':').match(/(?<![^:])0(?::0)+(?![^:])/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return groups.join(':');
  const text = groups.join(':').replace(new RegExp(`(^|:)${longest}(:|$)`), '::');
  return text.replace(':::', '::');
}

function parseIpv6(text: string): Buffer {
  const plain = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: unknown[]) => {
    const hex = Buffer.from(parts.slice(0, 4).map(Number)).toString('hex');
    return `${hex.slice(0, 4)}:${hex.slice(4)}`;
  });
  const [before = '', after] = plain.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
