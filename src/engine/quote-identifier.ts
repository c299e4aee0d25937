/** Writes a name of a database, table, column or index as ClickHouse's SQL takes any: in backticks. */
export const quoteIdentifier = (name: string): string => `\`${name.replaceAll(/[\\`]/g, String.raw`\$&`)}\``;

/** Reads a name as ClickHouse writes it: in backticks where it has to be. */
export function unquoteIdentifier(written: string): string {
  const quoted = /^`(?<inside>(?:[^`\\]|\\.)*)`$/s.exec(written)?.groups?.['inside'];
  return quoted === undefined ? written : quoted.replaceAll(/\\(.)/gs, '$1');
}

/** Writes names for a reader, joined by dots, in backticks only where they need them. */
export const showNames = (...names: string[]): string =>
  names.map((name) => (/^[A-Za-z_]\w*$/.test(name) ? name : quoteIdentifier(name))).join('.');
