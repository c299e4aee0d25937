import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { DataType } from '../types/data-type.ts';
import type { Scalar } from '../types/scalar.ts';
import { describeValue } from '../types/value-error.ts';
import { elementsOf, entriesOf, itemsOf, makeTuple, scalarOf } from './parts.ts';
import { textCodec } from './text-codec.ts';

/** Reads and writes values of a type in JSON formats (https://clickhouse.com/docs/interfaces/formats/JSONEachRow). */
export interface JsonCodec {
  /** Reads what `JSON.parse` gave. Numbers may have been put into quotes before, to keep their digits. */
  parse: (value: unknown) => unknown;
  /** Writes JSON. @throws ValueError */
  format: (value: unknown) => string;
}

/** Makes the codec of a type. */
export function jsonCodec(type: DataType): JsonCodec {
  switch (type.kind) {
    case 'scalar':
      return scalar(type.scalar);
    case 'lowCardinality':
      return jsonCodec(type.inner);
    case 'nullable':
      return nullable(scalar(type.inner));
    case 'array':
      return array(jsonCodec(type.inner));
    case 'tuple':
      return tuple(type);
    case 'map':
  }
  return map(type);
}

/** Whether a JavaScript number may not hold what JSON has for a type. */
export function hasLongNumbers(type: DataType): boolean {
  switch (type.kind) {
    case 'scalar':
      return isLong(type.scalar);
    case 'nullable':
      return isLong(type.inner);
    case 'tuple':
      return type.items.some(hasLongNumbers);
    case 'map':
      return hasLongNumbers(type.key) || hasLongNumbers(type.value);
    default:
      return hasLongNumbers(type.inner);
  }
}

function isLong({ isQuoted, layout }: Scalar): boolean {
  return !isQuoted && !['UInt8', 'Float64'].includes(String(layout));
}

function scalar({ name, layout, parse, format, isQuoted }: Scalar): JsonCodec {
  const isFloat = layout === 'Float32' || layout === 'Float64' || name === 'BFloat16';
  return {
    parse: (value) => {
      if (typeof value === 'string') return parse(value);
      // ClickHouse writes null for what JSON has no number for.
      if (value === null && isFloat) return Number.NaN;
      if (typeof value === 'number' || typeof value === 'boolean') return parse(String(value));
      return refuse(name, value);
    },
    format: (value) => {
      const text = format(value);
      return isQuoted || (isFloat && /[nf]/.test(text)) ? JSON.stringify(text) : text;
    },
  };
}

function refuse(expected: string, value: unknown): never {
  throw new EmbedhouseError(
    'FORMAT_INVALID',
    `expected ${expected} in JSON, found ${describeValue(value)}: the definition's types and its command differ`,
  );
}

function nullable({ parse, format }: JsonCodec): JsonCodec {
  return {
    parse: (value) => (value === null ? null : parse(value)),
    format: (value) => (value === null ? 'null' : format(value)),
  };
}

function array({ parse, format }: JsonCodec): JsonCodec {
  return {
    parse: (value) => (Array.isArray(value) ? value.map(parse) : refuse('an array', value)),
    format: (value) => `[${Array.from(elementsOf(value), format).join(',')}]`,
  };
}

function tuple(type: Extract<DataType, { kind: 'tuple' }>): JsonCodec {
  const codecs = type.items.map(jsonCodec);
  const { names } = type;
  return {
    parse: (value) => {
      if (typeof value !== 'object' || value === null) refuse('an object or an array', value);
      const items: unknown[] = Array.isArray(value)
        ? value
        : (names ?? Object.keys(value)).map((name): unknown => Reflect.get(value, name));
      return makeTuple(
        names,
        codecs.map((codec, index) => codec.parse(items[index])),
      );
    },
    format: (value) => {
      const items = itemsOf(type, value);
      const texts = codecs.map((codec, index) => codec.format(items[index]));
      if (names === undefined) return `[${texts.join(',')}]`;
      return `{${texts.map((text, index) => `${JSON.stringify(names[index])}:${text}`).join(',')}}`;
    },
  };
}

function map(type: Extract<DataType, { kind: 'map' }>): JsonCodec {
  // Keys are texts in JSON, and texts of their own notation.
  const keyScalar = scalarOf(type.key);
  const key = keyScalar ?? textCodec(type.key);
  const item = jsonCodec(type.value);
  return {
    parse: (value) => {
      if (typeof value !== 'object' || value === null) refuse('an object', value);
      return new Map(Object.entries(value).map(([name, content]) => [key.parse(name), item.parse(content)]));
    },
    format: (value) => {
      const entries = entriesOf(type, value);
      const texts = entries.map(([name, content]) => `${JSON.stringify(key.format(name))}:${item.format(content)}`);
      return `{${texts.join(',')}}`;
    },
  };
}
