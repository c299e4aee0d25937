/** What stands after a backslash (https://clickhouse.com/docs/interfaces/formats/TabSeparated); others stand for themselves. */
export const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  r: '\r',
  n: '\n',
  t: '\t',
  '0': '\0',
  a: '\u0007',
  v: '\v',
  e: '\u001B',
};

/** Undoes ClickHouse's backslash escapes; others stand for themselves. */
export function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\(?:x(?<hex>[\da-fA-F]{2})|(?<letter>[^]))/g, (whole, hex?: string, letter?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return letter === undefined ? whole : (escapes[letter] ?? letter);
  });
}
