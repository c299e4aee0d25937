import type { DataType } from '../types/data-type.ts';
import type { Scalar } from '../types/scalar.ts';
import { unescapeText } from '../escapes.ts';
import { elementsOf, entriesOf, itemsOf, makeTuple } from './parts.ts';
import { TextSource } from './text-source.ts';

/** Reads and writes values of a type in `TabSeparated` (https://clickhouse.com/docs/interfaces/formats/TabSeparated). */
export interface TextCodec {
  /** Reads a whole field. @throws FORMAT_INVALID */
  parse: (text: string) => unknown;
  /** Writes a whole field. @throws ValueError */
  format: (value: unknown) => string;
  /** Reads a value inside an array, tuple or map, where texts stand in quotes. */
  parseInside: (source: TextSource) => unknown;
  /** Writes a value inside an array, tuple or map. */
  formatInside: (value: unknown) => string;
}

/** Makes the codec of a type. */
export function textCodec(type: DataType): TextCodec {
  switch (type.kind) {
    case 'scalar':
      return scalar(type.scalar);
    case 'lowCardinality':
      return textCodec(type.inner);
    case 'nullable':
      return nullable(scalar(type.inner));
    case 'array':
      return array(textCodec(type.inner));
    case 'tuple':
      return tuple(type);
    case 'map':
  }
  return map(type);
}

function scalar({ parse, format, isQuoted, isEscaped = false }: Scalar): TextCodec {
  return {
    parse: isEscaped ? (text) => parse(unescapeText(text)) : parse,
    format: isEscaped ? (value) => escapeText(format(value)) : format,
    parseInside: (source) => parse(isQuoted ? source.takeQuoted() : source.takeWord()),
    formatInside: isQuoted ? (value) => `'${escapeText(format(value)).replaceAll("'", "\\'")}'` : format,
  };
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
};

function escapeText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is escaped
  if (!/[\\\t\n\r\0\b\f]/.test(text)) return text;
  // oxlint-disable-next-line no-control-regex -- these are what is escaped
  return text.replaceAll(/[\\\t\n\r\0\b\f]/g, (character) => escapes[character] ?? character);
}

function nullable(inner: TextCodec): TextCodec {
  return {
    parse: (text) => (text === '\\N' ? null : inner.parse(text)),
    format: (value) => (value === null ? '\\N' : inner.format(value)),
    parseInside: (source) => (source.takeNull() ? null : inner.parseInside(source)),
    formatInside: (value) => (value === null ? 'NULL' : inner.formatInside(value)),
  };
}

/** The text of a value with parts is the same inside and outside of others. */
function composite(parseInside: TextCodec['parseInside'], formatInside: TextCodec['formatInside']): TextCodec {
  const parse = (text: string): unknown => {
    const source = new TextSource(text);
    const value = parseInside(source);
    source.expectEnd();
    return value;
  };
  return { parse, format: formatInside, parseInside, formatInside };
}

function array(inner: TextCodec): TextCodec {
  return composite(
    (source) => {
      const values: unknown[] = [];
      source.takeList('[', ']', () => values.push(inner.parseInside(source)));
      return values;
    },
    (value) => `[${Array.from(elementsOf(value), inner.formatInside).join(',')}]`,
  );
}

function tuple(type: Extract<DataType, { kind: 'tuple' }>): TextCodec {
  const codecs = type.items.map(textCodec);
  return composite(
    (source) => {
      const values: unknown[] = [];
      source.takeList('(', ')', () => values.push(codecs[values.length]?.parseInside(source)));
      return makeTuple(type.names, values);
    },
    (value) => {
      const items = itemsOf(type, value);
      return `(${codecs.map((codec, index) => codec.formatInside(items[index])).join(',')})`;
    },
  );
}

function map(type: Extract<DataType, { kind: 'map' }>): TextCodec {
  const key = textCodec(type.key);
  const item = textCodec(type.value);
  return composite(
    (source) => {
      const values = new Map<unknown, unknown>();
      source.takeList('{', '}', () => {
        const name = key.parseInside(source);
        source.expect(':');
        values.set(name, item.parseInside(source));
      });
      return values;
    },
    (value) => {
      const entries = entriesOf(type, value);
      return `{${entries.map(([name, content]) => `${key.formatInside(name)}:${item.formatInside(content)}`).join(',')}}`;
    },
  );
}
