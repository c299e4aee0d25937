import { quoteString } from '../../engine/quote-string.ts';
import { unescapeText } from '../../formats/escapes.ts';
import type { DataType } from '../../formats/types/data-type.ts';
import type { Scalar } from '../../formats/types/scalar.ts';
import type { ScriptType } from './script-function.ts';

/** A value to try a function with. */
export interface ExampleValue {
  /** As `functions test` takes it. */
  text: string;
  /** As an expression of SQL. */
  sql: string;
}

const texts: readonly (readonly [RegExp, string])[] = [
  [/^U?Int\d+$/, '3'],
  [/^B?Float\d+$/, '1.5'],
  [/^Decimal\(\d+, 0\)$/, '3'],
  [/^Decimal\(/, '0.5'],
  [/^Bool$/, 'true'],
  [/^UUID$/, '61f0c404-5cb3-11e7-907b-a6006ad3dba0'],
  [/^IPv4$/, '192.0.2.1'],
  [/^IPv6$/, '2001:db8::1'],
  [/^Date(?:32)?$/, '2026-01-31'],
  [/^DateTime/, '2026-01-31 12:00:00'],
];

/** Gives a value of a type: a short one that looks like the type, or its default where the kits do not know it. */
export function exampleValue({ name, data, defaultText }: ScriptType): ExampleValue {
  if (data !== undefined) return { text: write(data, textNotation, false), sql: write(data, sqlNotation) };
  // NULL stays as it is.
  const text = defaultText === String.raw`\N` ? defaultText : unescapeText(defaultText);
  return { text, sql: `defaultValueOfTypeName(${quoteString(name)})` };
}

/** How tuples and maps are written: in SQL, so that ClickHouse makes the argument's type of them by itself. */
interface Notation {
  tuple: (items: readonly string[]) => string;
  map: (key: string, value: string) => string;
}

const sqlNotation: Notation = {
  tuple: (items) => `${items.length === 1 ? 'tuple' : ''}(${items.join(', ')})`,
  map: (key, value) => `map(${key}, ${value})`,
};

const textNotation: Notation = {
  tuple: (items) => `(${items.join(',')}${items.length === 1 ? ',' : ''})`,
  map: (key, value) => `{${key}:${value}}`,
};

/** Writes an example of a type; texts have quotes unless they stand alone. */
function write(data: DataType, notation: Notation, isQuoted = true): string {
  const inside = (inner: DataType): string => write(inner, notation);
  switch (data.kind) {
    case 'scalar':
      return scalarText(data.scalar, isQuoted);
    case 'nullable':
      return scalarText(data.inner, isQuoted);
    case 'lowCardinality':
      return write(data.inner, notation, isQuoted);
    case 'array':
      return `[${inside(data.inner)}]`;
    case 'tuple':
      return notation.tuple(data.items.map(inside));
    default:
      return notation.map(inside(data.key), inside(data.value));
  }
}

function scalarText({ name, choices = [], isQuoted }: Scalar, isInside: boolean): string {
  const size = /^FixedString\((?<size>\d+)\)$/.exec(name)?.groups?.['size'];
  const [, usual = 'a dog'.slice(0, size === undefined ? undefined : Number(size))] =
    texts.find(([pattern]) => pattern.test(name)) ?? [];
  const text = choices[0] ?? usual;
  return isInside && isQuoted ? quoteString(text) : text;
}
