/** A literal between two quotes, in which `\\` escapes and a doubled quote stands for one. */
const quoted = (quote: string): string =>
  String.raw`${quote}[^${quote}\\]*(?:(?:\\.|${quote}${quote})[^${quote}\\]*)*${quote}`;

// Each alternative is one token of ClickHouse's lexer (src/Parsers/Lexer.cpp) within which a `;` is not a separator,
// or one that the search for an INSERT's data needs. Sticky: it must match where the last one ended.
const token = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n]*|#[ !][^\n]*|//[^\n]*)`,
    String.raw`(?<comment>/\*)`,
    `(?<quoted>${["'", '"', '`'].map(quoted).join('|')}|‘[^’]*’|“[^”]*”)`,
    String.raw`(?<heredoc>\$(?<tag>\w*)\$.*?\$\k<tag>\$)`,
    String.raw`(?<word>[\p{L}_][\p{L}\p{N}_$]*)`,
    String.raw`(?<end>;)`,
    String.raw`(?<other>.)`,
  ].join('|'),
  'suy',
);

/** The end of a comment that opens at `start`; ClickHouse's comments nest. */
function endOfComment(sql: string, start: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return sql.length;
}

/**
 * The end of the data that stands inline after `INSERT … FORMAT <name>`, or undefined where there is none. As in
 * ClickHouse 26.7, such data ends at an empty line or with the text: a `;` in it is data.
 */
function endOfInlineData(sql: string, start: number): number | undefined {
  const first = /[^\S\n]*\n?/y;
  first.lastIndex = start;
  first.exec(sql);
  const rest = sql.slice(first.lastIndex);
  if (/^\s*(;|$)/.test(rest)) return undefined;
  const emptyLine = rest.search(/\n\r?\n/);
  return emptyLine === -1 ? sql.length : first.lastIndex + emptyLine + 1;
}

/** What the words so far say about an INSERT with inline data in a format of its own. */
class InlineDataFinder {
  #state: 'start' | 'insert' | 'format' | 'none' = 'start';
  #depth = 0;

  /** True when `text` is the name of the format after which the data begins. */
  isFormatName(text: string): boolean {
    if (text === '(') this.#depth += 1;
    if (text === ')') this.#depth -= 1;
    if (this.#depth > 0) return false;
    const upper = text.toUpperCase();
    if (this.#state === 'format') {
      // The parser of VALUES finds its own end, and that is a `;` outside quotes.
      this.#state = 'none';
      return /^\w/.test(upper) && !/^(SELECT|WITH|VALUES)$/.test(upper);
    }
    if (this.#state === 'start') this.#state = upper === 'INSERT' ? 'insert' : 'none';
    else if (this.#state === 'insert' && upper === 'FORMAT') this.#state = 'format';
    else if (this.#state === 'insert' && /^(SELECT|WITH|VALUES|INFILE)$/.test(upper)) this.#state = 'none';
    return false;
  }
}

/**
 * Separates statements at `;`. This is a lexer, not a parser: it knows quotes, comments, heredocs and where an
 * INSERT's inline data ends, and leaves every judgement to ClickHouse. Pieces without a token are dropped; the rest
 * is returned as written, without the `;`.
 */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let isEmpty = true;
  let finder = new InlineDataFinder();
  const cut = (end: number, next: number): void => {
    if (!isEmpty) statements.push(sql.slice(start, end));
    start = next;
    isEmpty = true;
    finder = new InlineDataFinder();
  };

  let position = 0;
  while (position < sql.length) {
    token.lastIndex = position;
    const groups = token.exec(sql)?.groups ?? {};
    position = groups['comment'] === undefined ? token.lastIndex : endOfComment(sql, position);
    if (groups['space'] !== undefined || groups['comment'] !== undefined) continue;
    if (groups['end'] !== undefined) {
      cut(position - 1, position);
      continue;
    }
    isEmpty = false;
    const dataEnd = finder.isFormatName(groups['word'] ?? groups['other'] ?? '')
      ? endOfInlineData(sql, position)
      : undefined;
    if (dataEnd !== undefined) {
      cut(dataEnd, dataEnd);
      position = dataEnd;
    }
  }
  cut(sql.length, sql.length);
  return statements;
}
