import { delimiter } from 'node:path';

import type { Engine } from '../engine/engine.ts';
import { readVocabulary } from '../engine/read-vocabulary.ts';
import { checkFunctions, type CheckedFunctions } from '../functions/check-functions.ts';
import { formatProblem } from '../functions/format-problem.ts';
import type { Home } from '../home/open-home.ts';

/** Where ClickHouse in this process finds what scripts name without a path. */
export const searchPath = process.env['PATH'] ?? ['/usr/bin', '/bin'].join(delimiter);

/** Opens the embedded engine on a home. ClickHouse is large, so that only a command that runs SQL loads it. */
export async function openEngine(home: Home, options: { indexThreads?: number } = {}): Promise<Engine> {
  const { openEmbeddedEngine } = await import('../engine/embedded-engine.ts');
  return openEmbeddedEngine({ ...home, ...options });
}

/**
 * Opens the embedded engine on a home and says on stderr what is wrong with its function files, which ClickHouse would
 * leave out without a word.
 */
export async function openCheckedEngine(home: Home): Promise<Engine> {
  const engine = await openEngine(home);
  try {
    const { problems } = await checkHomeFunctions(home, engine);
    for (const problem of problems.filter(({ severity }) => severity === 'error')) {
      process.stderr.write(`embedhouse: ${formatProblem(problem, { relativeTo: process.cwd() })}\n`);
    }
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Checks the function files of a home against the names that the engine knows. */
export async function checkHomeFunctions(home: Home, engine: Engine): Promise<CheckedFunctions> {
  return checkFunctions({
    functionsPath: home.functionsPath,
    userScriptsPath: home.userScriptsPath,
    searchPath,
    vocabulary: await readVocabulary(engine),
  });
}
