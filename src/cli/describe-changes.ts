import { relative } from 'node:path';

import { formatProblem } from '../functions/format-problem.ts';
import type { FunctionChanges } from '../reload/function-reloader.ts';

/** Tells in lines what became of edited functions: their errors, and whether the engine has followed. */
export function describeChanges({ paths, problems, broken, refusal }: FunctionChanges, folder: string): string[] {
  const errors = problems.filter(({ severity }) => severity === 'error');
  return [
    ...errors.map((problem) => formatProblem(problem, { relativeTo: folder })),
    `${paths.map((path) => relative(folder, path)).join(', ')} changed: ${outcome(broken.length > 0, refusal)}`,
  ];
}

function outcome(isBroken: boolean, refusal: Error | undefined): string {
  if (isBroken) return 'the functions stay as they were until this is repaired';
  if (refusal === undefined) return 'functions reloaded';
  return `ClickHouse did not take all of it: ${refusal.message}`;
}
