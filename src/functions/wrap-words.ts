export interface WrapOptions {
  /** What the first line begins with. */
  first: string;
  /** What the further lines begin with. @default first */
  next?: string;
  maxLineLength: number;
}

/** Sets words into lines, which are no longer than allowed unless a word alone is. */
export function wrapWords(words: readonly string[], { first, next = first, maxLineLength }: WrapOptions): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(`${first}${word}`);
    else if (last.length + 1 + word.length <= maxLineLength) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${next}${word}`);
  }
  return lines;
}
