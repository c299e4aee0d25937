import { formatProblem } from '../functions/format-problem.ts';
import type { FunctionProblem } from '../functions/function-problem.ts';

/** Writes a problem as one line, with its file as seen from the current folder. */
export const showProblem = (problem: FunctionProblem): string => formatProblem(problem, { relativeTo: process.cwd() });
