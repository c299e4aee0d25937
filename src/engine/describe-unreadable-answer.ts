/** Where a script's logs would otherwise be taken for answers. */
const remedy = 'only answers belong on its stdout, one a row, and logs on stderr';
const shownCharacters = 120;

/**
 * Says what is wrong with an answer that ClickHouse could not read, from the text of its own exception; `undefined` when
 * that is about something else.
 */
export function describeUnreadableAnswer(original: string): string | undefined {
  const row = /\(at row (?<row>\d+)\)/.exec(original)?.groups?.['row'];
  const which = row === undefined ? 'its answer' : `its answer for row ${row}`;
  const words = reasonWords(original);
  if (/^(Cannot read all data|Attempt to read after eof)/.test(words))
    return `${which} is cut short, or not in its <format> (${words})`;
  if (original.includes('DOS/Windows style line separators'))
    return `${which} has a line end of Windows (\\r\\n); print \\n alone`;
  const shown = parsedText(original);
  if (original.includes('more columns than expected'))
    return `${which}, ${shown ?? 'a row'}, is followed by another column, and one is expected; ${remedy}`;
  const type = /type: (?<type>.+?), (?:parsed text|ERROR)/.exec(original)?.groups?.['type'];
  if (type !== undefined) {
    const why = words === '' ? '' : ` (${words})`;
    return `${which}, ${shown ?? 'unreadable'}, is not a ${type}${why}; ${remedy}`;
  }
  return row === undefined ? undefined : `${which} cannot be read (${words}); ${remedy}`;
}

/** The first line of an exception without the places where it came up. */
export function reasonWords(original: string): string {
  const line = (original.split('\n')[0] ?? '')
    .replace(/: While executing .*$/, '')
    .replace(/: while executing 'FUNCTION .*$/s, '')
    .replace(/\s*\(at row \d+\)$/, '')
    // What follows the place of the fault may be the whole rest of the answer.
    .replace(/(?<before>before: '(?:[^'\\]|\\[^n])*)\\n.+$/, "$<before>\\n…'")
    .replace(/, should be 'true' or .*$/, '')
    .replace(/[\s:.]+$/, '');
  return line.length > shownCharacters ? `${line.slice(0, shownCharacters)}…` : line;
}

/** What ClickHouse had read of the row, as far as its line goes, in quotes. */
function parsedText(original: string): string | undefined {
  const parsed = /parsed text: "(?<text>[^"]*)"/.exec(original)?.groups?.['text'] ?? '';
  const rejected = /(?:ERROR: text|garbage after [^:]*:) "(?<text>[^"]*)"/.exec(original)?.groups?.['text'] ?? '';
  const line = `${parsed}${rejected}`.split('<LINE FEED>')[0] ?? '';
  return line === '' ? undefined : JSON.stringify(line.replaceAll('<TAB>', '\t'));
}
