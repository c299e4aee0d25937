/** Writes a name of a database, table, column or index as ClickHouse's SQL takes any: in backticks. */
export const quoteIdentifier = (name: string): string => `\`${name.replaceAll(/[\\`]/g, String.raw`\$&`)}\``;

/** Reads a name that is in backticks where it has to be; ClickHouse takes one inside doubled, or behind a backslash. */
export function unquoteIdentifier(written: string): string {
  const quoted = /^`(?<inside>(?:[^`\\]|\\.|``)*)`$/s.exec(written)?.groups?.['inside'];
  return quoted === undefined ? written : quoted.replaceAll(/\\(.)|``/gs, (_, escaped?: string) => escaped ?? '`');
}

/** Reads names with dots between, as in `database.table`, each in backticks or not. */
export function splitNames(written: string): string[] {
  const names = `.${written}`.matchAll(/\.(?<name>`(?:[^`\\]|\\.|``)*`(?=\.|$)|[^.]*)/gs);
  return [...names].map(({ groups }) => unquoteIdentifier(groups?.['name'] ?? ''));
}

/** Writes names for a reader, joined by dots, in backticks only where they need them. */
export const showNames = (...names: string[]): string =>
  names.map((name) => (/^[A-Za-z_]\w*$/.test(name) ? name : quoteIdentifier(name))).join('.');
