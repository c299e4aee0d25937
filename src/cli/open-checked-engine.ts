import { delimiter } from 'node:path';

import type { EmbeddedEngineOptions } from '../engine/embedded-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { readVocabulary } from '../engine/read-vocabulary.ts';
import { checkFunctions, type CheckedFunctions, type CheckFunctionsOptions } from '../functions/check-functions.ts';
import { formatProblem } from '../functions/format-problem.ts';
import type { Home } from '../home/open-home.ts';
import { FunctionReloader } from '../reload/function-reloader.ts';
import { takeStamps } from '../reload/function-stamps.ts';
import { describeChanges } from './describe-changes.ts';

/** Where ClickHouse in this process finds what scripts name without a path. */
export const searchPath = process.env['PATH'] ?? ['/usr/bin', '/bin'].join(delimiter);

export interface OpenEngineOptions {
  /** Of the embedded engine: how many threads build vector indexes. */
  indexThreads?: number;
}

export interface OpenCheckedEngineOptions extends OpenEngineOptions {
  /** Says what is wrong with function files, and what became of edited ones. @default on stderr */
  say?: (line: string) => void;
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

async function openEmbedded(
  home: Home,
  options: OpenEngineOptions & Pick<EmbeddedEngineOptions, 'beforeStatement'> = {},
): Promise<Engine> {
  const { openEmbeddedEngine } = await import('../engine/embedded-engine.ts');
  return openEmbeddedEngine({ ...home, ...options });
}

/**
 * Opens the engine that a home names. Of the embedded one it says what is wrong with the home's function files, which
 * ClickHouse would leave out without a word, and makes it follow edits of them from statement to statement. A server has
 * its own.
 */
export async function openCheckedEngine(
  home: Home,
  { say = sayOnStderr, ...options }: OpenCheckedEngineOptions = {},
): Promise<Engine> {
  if (home.serverUrl !== undefined) return openEngine(home, options);
  const stamps = await takeStamps(home);
  let reloader: FunctionReloader | undefined;
  const engine = await openEmbedded(home, {
    ...options,
    beforeStatement: async () => {
      const changes = await reloader?.refresh();
      if (changes !== undefined) describeChanges(changes, process.cwd()).forEach(say);
    },
  });
  try {
    const vocabulary = await readVocabulary(engine);
    const check = async (checkSyntax = true): Promise<CheckedFunctions> =>
      checkFunctions({ ...home, searchPath, vocabulary, checkSyntax });
    const loaded = await check(false);
    for (const problem of loaded.problems.filter(({ severity }) => severity === 'error')) {
      say(formatProblem(problem, { relativeTo: process.cwd() }));
    }
    reloader = await FunctionReloader.make({ ...home, engine, check }, loaded, stamps);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function sayOnStderr(line: string): void {
  process.stderr.write(`embedhouse: ${line}\n`);
}

/** Checks the function files of a home against the names that the engine knows. */
export async function checkHomeFunctions(
  home: Home,
  engine: Engine,
  options: Pick<CheckFunctionsOptions, 'files' | 'checkKnownScript' | 'checkSyntax'> = {},
): Promise<CheckedFunctions> {
  return checkFunctions({
    ...options,
    functionsPath: home.functionsPath,
    userScriptsPath: home.userScriptsPath,
    searchPath,
    vocabulary: await readVocabulary(engine),
  });
}
