import { existsSync } from 'node:fs';
import { relative } from 'node:path';

import { formatProblem } from '../functions/format-problem.ts';
import type { FunctionChanges } from '../reload/function-reloader.ts';

/** Tells in lines what became of edited functions: their errors, and whether the engine has followed. */
export function describeChanges(changes: FunctionChanges, folder: string): string[] {
  const errors = changes.problems.filter(({ severity }) => severity === 'error');
  return [
    ...errors.map((problem) => formatProblem(problem, { relativeTo: folder })),
    `${nameChanges(changes.paths, folder)}: ${outcome(changes)}`,
  ];
}

/** Names the files that were edited, as seen from a folder: `functions/f_function.xml changed, user_scripts/f.py removed`. */
export function nameChanges(paths: readonly string[], folder: string): string {
  return paths.map((path) => `${relative(folder, path)} ${existsSync(path) ? 'changed' : 'removed'}`).join(', ');
}

function outcome({ broken, refusal, isOwed }: FunctionChanges): string {
  if (broken.length > 0) return 'the functions stay as they were until this is repaired';
  if (refusal === undefined) return 'functions reloaded';
  if (isOwed) return `functions are reloaded when the server answers again (${refusal.message})`;
  return `ClickHouse did not take all of it: ${refusal.message}`;
}
