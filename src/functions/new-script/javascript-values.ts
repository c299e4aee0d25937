import type { DataType } from '../../formats/types/data-type.ts';

/** TypeScript's types by the names of ClickHouse's, and an expression for their zero value. */
const types: readonly (readonly [RegExp, string, string])[] = [
  [/^(?:U?Int(?:8|16|32)|B?Float\d+)$/, 'number', '0'],
  [/^U?Int\d+$/, 'bigint', '0n'],
  [/^Bool$/, 'boolean', 'false'],
  [/^Decimal\(/, 'string', "'0'"],
  [/^UUID$/, 'string', "'00000000-0000-0000-0000-000000000000'"],
  [/^IPv4$/, 'string', "'0.0.0.0'"],
  [/^IPv6$/, 'string', "'::'"],
  [/^Date(?:32)?$/, 'string', "'1970-01-01'"],
  [/^DateTime(?:64\([0-3]\))?$/, 'Date', 'new Date(0)'],
  [/^DateTime64\(/, 'string', "'1970-01-01T00:00:00Z'"],
];

function typeOf(name: string): { type: string; zero: string } {
  const [, type, zero] = types.find(([pattern]) => pattern.test(name)) ?? [name, 'string', "''"];
  return { type, zero };
}

/** Gives the TypeScript type of the values that the kit for JavaScript hands over. */
export function javascriptType(data: DataType): string {
  switch (data.kind) {
    case 'scalar':
      return typeOf(data.scalar.name).type;
    case 'nullable':
      return `${typeOf(data.inner.name).type} | null`;
    case 'lowCardinality':
      return javascriptType(data.inner);
    case 'array': {
      const item = javascriptType(data.inner);
      return item.endsWith(' | null') ? `(${item})[]` : `${item}[]`;
    }
    case 'tuple': {
      const { items, names } = data;
      if (names === undefined) return `[${items.map(javascriptType).join(', ')}]`;
      return `{ ${items.map((item, index) => `${quoteKey(names[index] ?? '')}: ${javascriptType(item)}`).join('; ')} }`;
    }
    default:
      return `Map<${javascriptType(data.key)}, ${javascriptType(data.value)}>`;
  }
}

/** Gives an expression for a value that the kit for JavaScript takes for a type: zero, or empty. */
export function javascriptZero(data: DataType): string {
  switch (data.kind) {
    case 'scalar': {
      const [choice] = data.scalar.choices ?? [];
      return choice === undefined ? typeOf(data.scalar.name).zero : quoteJavascript(choice);
    }
    case 'nullable':
      return 'null';
    case 'lowCardinality':
      return javascriptZero(data.inner);
    case 'array':
      return '[]';
    case 'tuple': {
      const { items, names } = data;
      const zeros = items.map(javascriptZero);
      if (names === undefined) return `[${zeros.join(', ')}]`;
      return `{ ${names.map((name, index) => `${quoteKey(name)}: ${zeros[index]}`).join(', ')} }`;
    }
    default:
      return 'new Map()';
  }
}

/** Writes a text as a literal in single quotes. */
export function quoteJavascript(text: string): string {
  return `'${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`)}'`;
}

function quoteKey(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoteJavascript(name);
}
