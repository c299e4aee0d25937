import type { Position } from './function-definition.ts';

/** Turns an offset in a text into line and column, both from 1; lines end with LF, CR LF or CR. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
