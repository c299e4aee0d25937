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
  if (data !== undefined) return { text: textOf(data, false), sql: sqlOf(data) };
  // NULL stays as it is.
  const text = defaultText === String.raw`\N` ? defaultText : unescapeText(defaultText);
  return { text, sql: `defaultValueOfTypeName(${quoteSql(name)})` };
}

/** An expression of which ClickHouse makes the argument's type by itself. */
function sqlOf(data: DataType): string {
  switch (data.kind) {
    case 'scalar':
      return scalarText(data.scalar, true);
    case 'nullable':
      return scalarText(data.inner, true);
    case 'lowCardinality':
      return sqlOf(data.inner);
    case 'array':
      return `[${sqlOf(data.inner)}]`;
    case 'tuple':
      return `${data.items.length === 1 ? 'tuple' : ''}(${data.items.map(sqlOf).join(', ')})`;
    default:
      return `map(${sqlOf(data.key)}, ${sqlOf(data.value)})`;
  }
}

function textOf(data: DataType, isInside: boolean): string {
  switch (data.kind) {
    case 'scalar':
      return scalarText(data.scalar, isInside);
    case 'nullable':
      return scalarText(data.inner, isInside);
    case 'lowCardinality':
      return textOf(data.inner, isInside);
    case 'array':
      return `[${textOf(data.inner, true)}]`;
    case 'tuple':
      return `(${data.items.map((item) => textOf(item, true)).join(',')}${data.items.length === 1 ? ',' : ''})`;
    default:
      return `{${textOf(data.key, true)}:${textOf(data.value, true)}}`;
  }
}

function scalarText({ name, choices = [], isQuoted }: Scalar, isInside: boolean): string {
  const size = /^FixedString\((?<size>\d+)\)$/.exec(name)?.groups?.['size'];
  const [, usual = 'a dog'.slice(0, size === undefined ? undefined : Number(size))] =
    texts.find(([pattern]) => pattern.test(name)) ?? [];
  const text = choices[0] ?? usual;
  return isInside && isQuoted ? quoteSql(text) : text;
}

function quoteSql(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
