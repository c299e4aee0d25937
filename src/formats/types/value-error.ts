/** A value that its ClickHouse type cannot hold. The message says what was expected and what was found. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

/** Makes the error for a value that is not what a type takes: `expected UInt8 (0 to 255), got 300`. */
export function unexpected(expected: string, value: unknown): ValueError {
  return new ValueError(`expected ${expected}, got ${describeValue(value)}`);
}

const shownCharacters = 60;

/** Shows a value in a message: shortened, in one line. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return shorten(JSON.stringify(value));
  if (typeof value === 'bigint') return shorten(`${value}n`);
  if (typeof value === 'function') return 'a function';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  if (value instanceof Map) return `a Map of ${value.size} entries`;
  if (typeof value !== 'object' || value === null) return shorten(String(value));
  if (Array.isArray(value)) return shorten(`[${value.slice(0, 20).map(describeValue).join(', ')}]`);
  const entries = Object.entries(value).slice(0, 20);
  return shorten(`{ ${entries.map(([key, item]) => `${key}: ${describeValue(item)}`).join(', ')} }`);
}

function shorten(text: string): string {
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters - 1)}…` : text;
}
