import type { Position } from './function-definition.ts';

/**
 * Something wrong in a function file or in the script it names. An `error` means that ClickHouse does not load the
 * function, that calling it fails, or that a part of the file silently has no effect; a `note` is worth knowing.
 */
export interface FunctionProblem extends Position {
  severity: 'error' | 'note';
  /** Path of the file: the functions folder as it was given, joined with the file's name. */
  file: string;
  /** Name of the XML element, or `''` when the problem is the file itself. */
  element: string;
  functionName?: string;
  /** What is wrong, with the value. */
  message: string;
  /** What to do about it. */
  remedy: string;
}

/** What is wrong with a script, without the place that names it. */
export type ScriptFault = Pick<FunctionProblem, 'message' | 'remedy'>;

/** Orders problems by file, then by place in it. */
export function compareProblems(a: FunctionProblem, b: FunctionProblem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
