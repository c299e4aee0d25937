const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/**
 * Makes a pattern of a printed output, to be matched by a whole one. `…` stands for anything within a line, the spaces
 * beside it included, so that a table's cell may be of another width; a line of only `…` stands for any lines.
 */
export function outputPattern(printed: string): RegExp {
  const lines = printed.trimEnd().split('\n');
  const patterns = lines.map((line) =>
    line.trim() === '…'
      ? String.raw`[\s\S]*`
      : line
          .split(/ *… */)
          .map(escaped)
          .join(String.raw`[^\n]*`),
  );
  return new RegExp(`^${patterns.join('\n')}$`);
}
