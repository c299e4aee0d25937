import { wrapWords } from '../wrap-words.ts';

const maxLineLength = 110;

/** Breaks a comment into lines that begin with `prefix`; white space in it becomes single blanks. */
export function wrapComment(prefix: string, text: string): string[] {
  return wrapWords(text.trim().split(/\s+/), { first: prefix, maxLineLength });
}
