import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { ipv4, ipv6, uuid } from './addresses.ts';
import { dateTime, dateTime64 } from './date-times.ts';
import { date, date32 } from './dates.ts';
import { decimal } from './decimals.ts';
import { enumeration } from './enums.ts';
import { float } from './floats.ts';
import { integer } from './integers.ts';
import type { NumberScalar, Scalar } from './scalar.ts';
import { fixedString, string, type StringOptions } from './strings.ts';
import { parseType, unquoteLiteral, type TypeNode } from './type-node.ts';
import { unexpected } from './value-error.ts';

/** A ClickHouse type of which every format can read and write values. */
export type DataType =
  | ScalarType
  | NullableType
  /** Only `Native` writes it otherwise than its inner type. */
  | { kind: 'lowCardinality'; inner: DictionaryEntry }
  | { kind: 'array'; inner: DataType }
  /** With `names` an object, else an array. */
  | { kind: 'tuple'; items: readonly DataType[]; names: readonly string[] | undefined }
  | { kind: 'map'; key: DataType; value: DataType };

/** A type without parts. */
export interface ScalarType {
  kind: 'scalar';
  scalar: Scalar;
}

export interface NullableType {
  kind: 'nullable';
  inner: Scalar;
}

/** What LowCardinality may hold. */
export type DictionaryEntry = ScalarType | NullableType;

/** Types that are other ones by another name. */
const aliases: Readonly<Record<string, string>> = {
  Point: 'Tuple(Float64, Float64)',
  Ring: 'Array(Point)',
  LineString: 'Array(Point)',
  Polygon: 'Array(Ring)',
  MultiLineString: 'Array(LineString)',
  MultiPolygon: 'Array(Polygon)',
};

const bool: NumberScalar = {
  name: 'Bool',
  layout: 'UInt8',
  isQuoted: false,
  fromRaw: (raw) => raw !== 0,
  toRaw: (value) => {
    if (typeof value === 'boolean') return value ? 1 : 0;
    throw unexpected('Bool (true or false)', value);
  },
  parse: (text) => text === 'true',
  format: (value) => (bool.toRaw(value) === 1 ? 'true' : 'false'),
};

/**
 * Reads a type expression.
 * @throws FORMAT_INVALID for one that is none, or of which no values can be handed to functions
 */
export function readDataType(text: string, options: StringOptions = { asBytes: false }): DataType {
  return build(parseType(text), options, text);
}

function build(node: TypeNode, options: StringOptions, whole: string): DataType {
  const { family, items, literals } = node;
  const part = (index: number): DataType => {
    const item = items[index];
    if (item === undefined) throw new EmbedhouseError('FORMAT_INVALID', `'${whole}' lacks a type in its parentheses`);
    return build(item, options, whole);
  };
  switch (family) {
    case 'Nullable': {
      const inner = part(0);
      return inner.kind === 'scalar' ? { kind: 'nullable', inner: inner.scalar } : refuse(family, whole);
    }
    case 'LowCardinality': {
      const inner = part(0);
      const isEntry = inner.kind === 'scalar' || inner.kind === 'nullable';
      return isEntry ? { kind: 'lowCardinality', inner } : refuse(family, whole);
    }
    case 'SimpleAggregateFunction':
      return part(items.length - 1);
    case 'Array':
      return { kind: 'array', inner: part(0) };
    case 'Map':
      return { kind: 'map', key: part(0), value: part(1) };
    case 'Nested':
      return { kind: 'array', inner: tuple(items, part) };
    case 'Tuple':
      if (items.length > 0) return tuple(items, part);
  }
  const alias = aliases[family];
  if (alias !== undefined) return build(parseType(alias), options, whole);
  const scalar = readScalar(node, options, literals.map(unquoteLiteral));
  if (scalar !== undefined) return { kind: 'scalar', scalar };
  return refuse(family, whole);
}

function refuse(family: string, whole: string): never {
  const where = whole.trim() === family ? '' : ` (in '${whole}')`;
  throw new EmbedhouseError(
    'FORMAT_INVALID',
    `type ${family}${where} is not one that a function can have here: declare String and convert in SQL, with toString(x) or toJSONString(x)`,
  );
}

function tuple(items: readonly TypeNode[], part: (index: number) => DataType): DataType {
  const names = items.flatMap(({ label }) => label ?? []);
  return {
    kind: 'tuple',
    items: items.map((_, index) => part(index)),
    names: names.length === items.length ? names : undefined,
  };
}

function readScalar(node: TypeNode, options: StringOptions, literals: readonly string[]): Scalar | undefined {
  const { family } = node;
  switch (family) {
    case 'String':
      return string(options);
    case 'FixedString':
      return fixedString(Number(literals[0]), options);
    case 'Bool':
      return bool;
    case 'UUID':
      return uuid;
    case 'IPv4':
      return ipv4;
    case 'IPv6':
      return ipv6;
    case 'Date':
      return date;
    case 'Date32':
      return date32;
    case 'DateTime':
      return dateTime(literals[0]);
    case 'DateTime64':
      return dateTime64(Number(literals[0] ?? 3), literals[1]);
  }
  return integer(family) ?? float(family) ?? decimal(node) ?? enumeration(node, options);
}
