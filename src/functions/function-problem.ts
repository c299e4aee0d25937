import type { Position } from './function-definition.ts';

/** What `functions check --fix` can do to a script. */
export type ScriptRepair = 'make-executable' | 'use-lf-line-ends' | 'remove-byte-order-mark';

/** A repair that changes nothing but what it says, and the real path of the script. */
export interface ScriptFix {
  repair: ScriptRepair;
  path: string;
}

/**
 * Something wrong in a function file or in the script it names. An `error` means that ClickHouse does not load the
 * function, that calling it fails, or that a part of the file silently has no effect. A `warning` is about a function that
 * runs, but hardly as it was meant, or that fails later; a `note` is worth knowing.
 */
export interface FunctionProblem extends Position {
  severity: 'error' | 'warning' | 'note';
  /** Path of the file: the functions folder as it was given, joined with the file's name. */
  file: string;
  /** Name of the XML element or YAML key, or `''` when the problem is the file itself. */
  element: string;
  functionName?: string;
  /** What is wrong, with the value. */
  message: string;
  /** What to do about it. */
  remedy: string;
  /** What `functions check --fix` would do about it. */
  fix?: ScriptFix;
}

/** Whether a problem keeps a function from working, or a part of its file from having an effect. */
export const isError = ({ severity }: FunctionProblem): boolean => severity === 'error';

/** What is wrong with a script, without the place that names it; an error unless it says otherwise. */
export type ScriptFault = Pick<FunctionProblem, 'message' | 'remedy'> & {
  severity?: 'warning';
  repair?: ScriptRepair;
};

/** Orders problems by file, then by place in it. */
export function compareProblems(a: FunctionProblem, b: FunctionProblem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
