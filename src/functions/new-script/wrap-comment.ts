const maxLineLength = 110;

/** Breaks a comment into lines that begin with `prefix`; white space in it becomes single blanks. */
export function wrapComment(prefix: string, text: string): string[] {
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= maxLineLength)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${prefix}${word}`);
  }
  return lines;
}
