import type { Engine } from '../engine/engine.ts';
import type { Home } from '../home/open-home.ts';
import { checkHomeFunctions } from './open-checked-engine.ts';
import { showProblem } from './show-problem.ts';

/** Says on stderr what the check finds in a file that was just written; the exit code is then 1. */
export async function reportNewFile(file: string, home: Home, engine: Engine): Promise<void> {
  const { problems } = await checkHomeFunctions(home, engine, { files: [file] });
  for (const problem of problems) {
    process.stderr.write(`embedhouse: ${showProblem(problem)}\n`);
    process.exitCode = 1;
  }
}
