import { Buffer } from 'node:buffer';

import type { BytesScalar, StringScalar } from './scalar.ts';
import { unexpected, ValueError } from './value-error.ts';

/**
 * How strings are handed over. With bytes, functions get Buffers and the text formats are read as latin1, one character
 * for each byte, so that no byte is lost.
 */
export interface StringOptions {
  asBytes: boolean;
}

/** `String`: text, or a Buffer. A function may return text or bytes. */
export function string({ asBytes }: StringOptions): StringScalar {
  return {
    name: 'String',
    layout: 'String',
    asBytes,
    isQuoted: true,
    isEscaped: true,
    toRaw: (value) => (typeof value === 'string' ? value : toBytes('String', value)),
    parse: asBytes ? (text) => Buffer.from(text, 'latin1') : (text) => text,
    format: (value) => toCharacters('String', value, asBytes),
  };
}

/** `FixedString(N)`: text without the zero bytes at its end, or a Buffer of N bytes. Shorter values are padded. */
export function fixedString(size: number, { asBytes }: StringOptions): BytesScalar {
  const name = `FixedString(${size})`;
  const toRaw = (value: unknown): Buffer => {
    const bytes = typeof value === 'string' ? Buffer.from(value) : toBytes(name, value);
    if (bytes.length > size)
      throw new ValueError(`expected ${name} (at most ${size} bytes), got ${bytes.length} bytes`);
    return bytes.length === size ? bytes : Buffer.concat([bytes], size);
  };
  const unpadded = (text: string): string => text.replace(/\0+$/, '');
  return {
    name,
    layout: size,
    isQuoted: true,
    isEscaped: true,
    fromRaw: asBytes ? (raw) => Buffer.from(raw) : (raw) => unpadded(raw.toString()),
    toRaw,
    parse: asBytes ? (text) => Buffer.from(text, 'latin1') : unpadded,
    format: (value) => {
      toRaw(value);
      return toCharacters(name, value, asBytes);
    },
  };
}

function toBytes(name: string, value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw unexpected(`${name} (text, or a Uint8Array)`, value);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The characters that a text format writes for a value: text, or one character for each byte. */
function toCharacters(name: string, value: unknown, asBytes: boolean): string {
  if (asBytes) return (typeof value === 'string' ? Buffer.from(value) : toBytes(name, value)).toString('latin1');
  if (typeof value === 'string') return value;
  try {
    return utf8.decode(toBytes(name, value));
  } catch (error) {
    if (error instanceof ValueError) throw error;
    throw new ValueError(
      `expected ${name}, got bytes that are not UTF-8: pass { bytes: true } to serve, or use RowBinary or Native`,
      { cause: error },
    );
  }
}
