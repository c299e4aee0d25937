import { existsSync } from 'node:fs';
import { relative } from 'node:path';

import { isError } from '../functions/function-problem.ts';
import type { FunctionChanges } from '../reload/function-reloader.ts';
import { showProblem } from './show-problem.ts';

/** Tells in lines what became of edited functions: their errors, and whether the engine has followed. */
export function describeChanges(changes: FunctionChanges): string[] {
  return [...changes.problems.filter(isError).map(showProblem), `${nameChanges(changes.paths)}: ${outcome(changes)}`];
}

/** Names the files that were edited: `functions/f_function.xml changed, user_scripts/f.py removed`. */
export function nameChanges(paths: readonly string[]): string {
  return paths.map((path) => `${relative(process.cwd(), path)} ${existsSync(path) ? 'changed' : 'removed'}`).join(', ');
}

function outcome({ broken, refusal, isOwed }: FunctionChanges): string {
  if (broken.length > 0) return 'the functions stay as they were until this is repaired';
  if (refusal === undefined) return 'functions reloaded';
  if (isOwed) return `functions are reloaded when the server answers again (${refusal.message})`;
  return `ClickHouse did not take all of it: ${refusal.message}`;
}
