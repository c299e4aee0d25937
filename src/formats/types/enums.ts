import { Buffer } from 'node:buffer';

import type { NumberScalar } from './scalar.ts';
import type { StringOptions } from './strings.ts';
import { unquoteLiteral, type TypeNode } from './type-node.ts';
import { unexpected } from './value-error.ts';

/** `Enum8` and `Enum16`: the name. A function may return the name or the number. */
export function enumeration({ family, literals }: TypeNode, { asBytes }: StringOptions): NumberScalar | undefined {
  if (!/^Enum(8|16)?$/.test(family)) return undefined;
  const entries = readEntries(literals);
  const isWide = family === 'Enum16' || (family === 'Enum' && entries.some(([, value]) => value < -128 || value > 127));
  const names = new Map(entries.map(([name, value]) => [value, name]));
  const values = new Map(entries);
  const shown = entries.map(([name]) => `'${name}'`);
  const expected = `one of ${shown.slice(0, 10).join(', ')}${shown.length > 10 ? ', …' : ''}`;
  const toRaw = (value: unknown): number => {
    if (typeof value === 'number' && names.has(value)) return value;
    const found = typeof value === 'string' ? values.get(value) : undefined;
    if (found === undefined) throw unexpected(expected, value);
    return found;
  };
  const nameOf = (value: number): string => names.get(value) ?? String(value);
  return {
    name: isWide ? 'Enum16' : 'Enum8',
    layout: isWide ? 'Int16' : 'Int8',
    isQuoted: true,
    isEscaped: true,
    choices: entries.map(([name]) => name),
    fromRaw: nameOf,
    toRaw,
    parse: (text) => (asBytes ? Buffer.from(text, 'latin1').toString() : text),
    format: (value) => {
      const name = nameOf(toRaw(value));
      return asBytes ? Buffer.from(name).toString('latin1') : name;
    },
  };
}

/** Reads `'a' = 1, 'b'`; an entry without a number has the previous one's plus 1, the first 1. */
function readEntries(literals: readonly string[]): [string, number][] {
  const entries: [string, number][] = [];
  for (const literal of literals) {
    const groups = /^(?<name>'(?:[^'\\]|\\[^]|'')*')(?:\s*=\s*(?<value>[+-]?\d+))?$/.exec(literal)?.groups;
    const previous = entries.at(-1)?.[1] ?? 0;
    entries.push([unquoteLiteral(groups?.['name'] ?? ''), Number(groups?.['value'] ?? previous + 1)]);
  }
  return entries;
}
