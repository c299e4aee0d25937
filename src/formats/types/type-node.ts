import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { unescapeText } from '../escapes.ts';

/** A type expression taken apart: `Tuple(a UInt8)` has the family `Tuple` and one argument with the label `a`. */
export interface TypeNode {
  family: string;
  /** The name before an element's type in a tuple. */
  label: string | undefined;
  items: readonly TypeNode[];
  /** What stands in the parentheses, item by item, as written: literals, mostly. */
  literals: readonly string[];
}

const token = /\s*(?:(?<word>[\p{L}\p{N}_.]+)|`(?<quoted>(?:[^`\\]|\\.)*)`|"(?<double>(?:[^"\\]|\\.)*)")/uy;
const literal = /\s*(?:'(?:[^'\\]|\\[^]|'')*'|[^(),'])*/uy;

/**
 * Takes a type expression apart.
 * @throws FORMAT_INVALID if it is none
 */
export function parseType(text: string): TypeNode {
  let position = 0;
  const fail = (): never => {
    throw new EmbedhouseError(
      'FORMAT_INVALID',
      `'${text}' is not a ClickHouse type: look at its parentheses and quotes`,
    );
  };
  const skipSpace = (): void => {
    while (/\s/.test(text.charAt(position))) position++;
  };
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    position = pattern.lastIndex;
    return match;
  };
  const readName = (): string => {
    const groups = take(token)?.groups ?? fail();
    return groups['word'] ?? unescapeText(groups['quoted'] ?? groups['double'] ?? fail());
  };
  const readType = (): TypeNode => {
    let family = readName();
    let label: string | undefined;
    skipSpace();
    if (!['(', ')', ',', ''].includes(text.charAt(position))) {
      label = family;
      family = readName();
      skipSpace();
    }
    const items: TypeNode[] = [];
    const literals: string[] = [];
    if (text.charAt(position) !== '(') return { family, label, items, literals };
    do {
      position++;
      skipSpace();
      const start = position;
      if (text.charAt(position) === ')') break;
      if (/['\d+-]/.test(text.charAt(position))) take(literal);
      else items.push(readType());
      literals.push(text.slice(start, position).trim());
      skipSpace();
    } while (text.charAt(position) === ',');
    if (text.charAt(position) !== ')') fail();
    position++;
    return { family, label, items, literals };
  };
  const node = readType();
  skipSpace();
  if (position !== text.length) fail();
  return node;
}

/** Gives the text of a literal in single quotes. */
export function unquoteLiteral(literal: string): string {
  return literal.startsWith("'") ? unescapeText(literal.slice(1, -1).replaceAll("''", "'")) : literal;
}
