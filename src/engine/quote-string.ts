/** Writes a text as a literal of ClickHouse's SQL. */
export const quoteString = (text: string): string => `'${text.replaceAll(/[\\']/g, (character) => `\\${character}`)}'`;
