import type { Position } from './function-definition.ts';
import type { FunctionProblem } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';

/** Makes a problem of one function: where, in which element, what, and what to do. */
export function problemIn(
  source: FunctionSource,
  at: Position,
  element: string,
  message: string,
  remedy: string,
): FunctionProblem {
  const { file, name } = source;
  const functionName = name ? { functionName: name } : {};
  return { severity: 'error', file, line: at.line, column: at.column, element, ...functionName, message, remedy };
}
