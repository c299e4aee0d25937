/** Shortens a text to so many characters by taking out of its middle: what it begins and ends with says most. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) {
    return text;
  }
  const kept = length - 1;
  return `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`;
}
