import { delimiter } from 'node:path';

import type { EmbeddedEngineOptions } from '../engine/embedded-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { readVocabulary } from '../engine/read-vocabulary.ts';
import { checkFunctions, type CheckedFunctions, type CheckFunctionsOptions } from '../functions/check-functions.ts';
import { isError } from '../functions/function-problem.ts';
import type { Home } from '../home/open-home.ts';
import { showProblem } from './show-problem.ts';

/** Where ClickHouse in this process finds what scripts name without a path. */
export const searchPath = process.env['PATH'] ?? ['/usr/bin', '/bin'].join(delimiter);

export interface OpenEngineOptions {
  /** Of the embedded engine: how many threads build vector indexes. */
  indexThreads?: number;
}

/**
 * Opens the engine that a home names: a server, or the embedded one. ClickHouse is large, so that only a command that runs
 * SQL loads it.
 */
export async function openEngine(home: Home, options: OpenEngineOptions = {}): Promise<Engine> {
  if (home.serverUrl === undefined) return openEmbedded(home, options);
  const { openRemoteEngine } = await import('../engine/remote/remote-engine.ts');
  return openRemoteEngine({ url: home.serverUrl, password: process.env['EMBEDHOUSE_PASSWORD'] ?? '' });
}

/** Opens the embedded engine on a temporary data folder, for what is asked of files on this machine. */
export async function openScratchEngine(home: Home): Promise<Engine> {
  return openEmbedded({ ...home, dataPath: ':memory:' });
}

/** Opens the embedded engine of a home. */
export async function openEmbedded(
  home: Home,
  options: OpenEngineOptions & Pick<EmbeddedEngineOptions, 'beforeStatement'> = {},
): Promise<Engine> {
  const { openEmbeddedEngine } = await import('../engine/embedded-engine.ts');
  return openEmbeddedEngine({ ...home, ...options });
}

/**
 * Opens the engine that a home names. Of the embedded one it says on stderr what is wrong with the home's function files,
 * which ClickHouse would leave out without a word; a server has its own.
 */
export async function openCheckedEngine(home: Home, options: OpenEngineOptions = {}): Promise<Engine> {
  const engine = await openEngine(home, options);
  if (home.serverUrl !== undefined) return engine;
  try {
    const { problems } = await checkHomeFunctions(home, engine);
    for (const problem of problems.filter(isError)) process.stderr.write(`embedhouse: ${showProblem(problem)}\n`);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** What may be asked of a check of a home. */
type HomeCheckOptions = Pick<CheckFunctionsOptions, 'files' | 'checkKnownScript' | 'checkSyntax'>;

/** Checks the function files of a home against the names that the engine knows. */
export async function checkHomeFunctions(
  home: Home,
  engine: Engine,
  options: HomeCheckOptions = {},
): Promise<CheckedFunctions> {
  const check = await prepareHomeCheck(home, engine);
  return check(options);
}

/** Asks the engine for the names that it knows, and gives the check for as often as it is needed. */
export async function prepareHomeCheck(
  { functionsPath, userScriptsPath }: Home,
  engine: Engine,
): Promise<(options: HomeCheckOptions) => Promise<CheckedFunctions>> {
  const vocabulary = await readVocabulary(engine);
  return async (options) => checkFunctions({ ...options, functionsPath, userScriptsPath, searchPath, vocabulary });
}
