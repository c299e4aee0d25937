/** A part of a type expression: a word, a quoted string or name, or a mark such as `(`. */
interface Token {
  kind: 'word' | 'string' | 'quoted-name' | 'mark';
  text: string;
}

/** A type's family with what stands in its parentheses, one entry for each comma. */
export interface TypeNode {
  /** The words before the parenthesis, with one blank between them: `String`, `DOUBLE PRECISION`, or `a String` in a tuple. */
  words: readonly string[];
  /** Whether all words are plain ones; a literal, `'a' = 1` or an operator is not. */
  isPlain: boolean;
  items: readonly TypeNode[] | undefined;
}

const tokenPattern =
  /\s+|'(?:[^'\\]|\\[\s\S]|'')*'|`(?:[^`\\]|\\[\s\S]|``)*`|"(?:[^"\\]|\\[\s\S]|"")*"|[\p{L}\p{N}_.]+|[\s\S]/gu;

/**
 * Parses a type expression such as `Array(Tuple(a String, b Nullable(UInt8)))` as far as its parentheses and commas go.
 * Gives the fault as text when quotes or parentheses do not match.
 */
export function parseTypeExpression(text: string): TypeNode | { fault: string } {
  const tokens = readTokens(text);
  if (tokens.length === 0) return { fault: 'there is no type' };
  const stray = tokens.find(({ kind, text }) => kind === 'mark' && /['"`]/.test(text));
  if (stray) return { fault: `the quote ${stray.text} has no end` };
  let depth = 0;
  for (const { kind, text } of tokens) {
    if (kind !== 'mark') continue;
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    if (depth < 0) return { fault: "a ')' closes nothing" };
  }
  if (depth > 0) return { fault: "a '(' is not closed" };
  const { nodes } = readItems(tokens, 0);
  const [node] = nodes;
  if (nodes.length !== 1 || !node) return { fault: 'there is a comma outside parentheses' };
  return node;
}

function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [part] of text.matchAll(tokenPattern)) {
    if (/^\s/.test(part)) continue;
    if (part.length > 1 && part.startsWith("'")) tokens.push({ kind: 'string', text: part });
    else if (part.length > 1 && /^[`"]/.test(part)) tokens.push({ kind: 'quoted-name', text: part });
    else tokens.push({ kind: /^[\p{L}_]/u.test(part) ? 'word' : 'mark', text: part });
  }
  return tokens;
}

/** Reads comma separated items from `start` to the parenthesis that closes them, whose index is `end`. */
function readItems(tokens: readonly Token[], start: number): { nodes: TypeNode[]; end: number } {
  const nodes: TypeNode[] = [];
  let words: string[] = [];
  let isPlain = true;
  let items: TypeNode[] | undefined;
  const finish = (): void => {
    nodes.push({ words, isPlain: isPlain && words.length > 0, items });
    words = [];
    isPlain = true;
    items = undefined;
  };
  let index = start;
  for (; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (!token) break;
    if (token.kind === 'mark' && token.text === ')') break;
    if (token.kind === 'mark' && token.text === ',') finish();
    else if (token.kind === 'mark' && token.text === '(') {
      const inner = readItems(tokens, index + 1);
      // Words after a parenthesis, as in CHAR(10) VARYING, are beyond what is read here.
      if (items !== undefined) isPlain = false;
      items = inner.nodes;
      index = inner.end;
    } else if ((token.kind === 'word' || token.kind === 'quoted-name') && items === undefined) words.push(token.text);
    else isPlain = false;
  }
  finish();
  return { nodes, end: index };
}
