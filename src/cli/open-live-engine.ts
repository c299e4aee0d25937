import type { Engine } from '../engine/engine.ts';
import { isError } from '../functions/function-problem.ts';
import type { Home } from '../home/open-home.ts';
import { FunctionReloader } from '../reload/function-reloader.ts';
import { takeStamps } from '../reload/function-stamps.ts';
import { describeChanges } from './describe-changes.ts';
import { openEmbedded, openEngine, prepareHomeCheck } from './open-checked-engine.ts';
import { showProblem } from './show-problem.ts';

/**
 * Opens the engine that a home names. The embedded one follows edits of the home's functions from statement to statement;
 * `say` is told what is wrong with their files, and what became of edited ones. A server has its own.
 */
export async function openLiveEngine(home: Home, say: (line: string) => void): Promise<Engine> {
  if (home.serverUrl !== undefined) return openEngine(home);
  const stamps = await takeStamps(home);
  let reloader: FunctionReloader | undefined;
  const engine = await openEmbedded(home, {
    beforeStatement: async () => {
      const changes = await reloader?.refresh();
      if (changes !== undefined) describeChanges(changes).forEach(say);
    },
  });
  try {
    const check = await prepareHomeCheck(home, engine);
    // Interpreters take their time, and a script that they cannot read says so itself.
    const loaded = await check({ checkSyntax: false });
    for (const problem of loaded.problems.filter(isError)) say(showProblem(problem));
    const options = { ...home, engine, check: async () => check({ checkSyntax: true }) };
    reloader = await FunctionReloader.make(options, loaded, stamps);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}
