import type { Buffer } from 'node:buffer';

/** Fixed-size values of which JavaScript holds a number. */
export type NumberLayout = 'UInt8' | 'Int8' | 'UInt16' | 'Int16' | 'UInt32' | 'Int32' | 'Float32' | 'Float64';
/** Fixed-size values of which JavaScript holds a bigint. */
export type BigLayout = 'UInt64' | 'Int64';

interface Meaning<Raw> {
  /** The type's name in messages. */
  name: string;
  /** Turns what the bytes hold into the value that a function gets; left out where that is the same. */
  fromRaw?: (raw: Raw) => unknown;
  /** Turns a function's value into what the bytes hold. @throws ValueError */
  toRaw: (value: unknown) => Raw;
  /** Reads ClickHouse's text of a value, without quotes and escapes. */
  parse: (text: string) => unknown;
  /** Writes a text that ClickHouse reads, without quotes and escapes. @throws ValueError */
  format: (value: unknown) => string;
  /** Whether the text stands in quotes inside arrays, tuples and maps, and in JSON. */
  isQuoted: boolean;
  /** Whether the text may hold characters that are escaped. */
  isEscaped?: boolean;
  /** The only values that there are. */
  choices?: readonly string[];
}

export interface NumberScalar extends Meaning<number> {
  layout: NumberLayout;
}

export interface BigScalar extends Meaning<bigint> {
  layout: BigLayout;
  /** Whether a number that is whole and safe means the same as its bigint. */
  takesNumbers?: boolean;
}

/** A value of `layout` bytes. */
export interface BytesScalar extends Meaning<Buffer> {
  layout: number;
}

/** Bytes with their length before them. */
export interface StringScalar extends Meaning<Buffer | string> {
  layout: 'String';
  /** Whether the function gets a Buffer, and not text. */
  asBytes: boolean;
}

/** A type without parts, in all formats: its bytes and its text. */
export type Scalar = NumberScalar | BigScalar | BytesScalar | StringScalar;
