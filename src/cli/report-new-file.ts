import type { Engine } from '../engine/engine.ts';
import { formatProblem } from '../functions/format-problem.ts';
import type { Home } from '../home/open-home.ts';
import { checkHomeFunctions } from './open-checked-engine.ts';

/** Says on stderr what the check finds in a file that was just written; the exit code is then 1. */
export async function reportNewFile(file: string, home: Home, engine: Engine): Promise<void> {
  const { problems } = await checkHomeFunctions(home, engine);
  for (const problem of problems.filter((each) => each.file === file)) {
    process.stderr.write(`embedhouse: ${formatProblem(problem, { relativeTo: process.cwd() })}\n`);
    process.exitCode = 1;
  }
}
