import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import type { Engine } from '../engine/engine.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { CheckedFunctions } from '../functions/check-functions.ts';
import { isError } from '../functions/function-problem.ts';
import type { Home } from '../home/open-home.ts';
import { type FunctionChanges, FunctionReloader } from '../reload/function-reloader.ts';
import { takeStamps } from '../reload/function-stamps.ts';
import { hostedChecker } from './check-functions-command.ts';
import { describeChanges, nameChanges } from './describe-changes.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { openEngine, openScratchEngine, prepareHomeCheck } from './open-checked-engine.ts';
import { parsePositive } from './parse-number.ts';
import { defaultTimeoutS, type FunctionTestRequest, runFunctionTest } from './run-function-test.ts';
import { describeFunctionTest } from './show-function-test.ts';
import { showProblem } from './show-problem.ts';

interface WatchFlags {
  rows?: string;
  timeout: number;
}

const lookEveryMs = 250;

/** `embedhouse functions watch`: checks function files and scripts whenever they are edited, and tests one of them. */
export function addWatchFunctionsCommand(functions: Command): void {
  functions
    .command('watch')
    .description(
      'check the functions whenever a file of theirs is edited, and test one; with --connect reload them there',
    )
    .argument('[name]', 'a function to test after each edit, as embedhouse functions test does')
    .argument('[values...]', 'its arguments, one row')
    .option('--rows <file>', 'rows of arguments instead, in TabSeparated')
    .option('--timeout <seconds>', 'the most that a test waits for anything', parsePositive, defaultTimeoutS)
    .addHelpText(
      'after',
      `
Looks at the function files, the scripts they name and the code beside these, until Ctrl-C. With --connect, a server that
reads the same files reloads them after each edit that breaks none. The embedded engine needs no watching: query follows
edits from statement to statement by itself.

Examples:
  embedhouse functions watch
  embedhouse functions watch slugify 'Dogs & Cats'
  embedhouse functions watch --connect http://localhost:8123 --home /etc/clickhouse-server --user-scripts /var/lib/clickhouse/user_scripts`,
    )
    .action(async (name: string | undefined, values: string[], flags: WatchFlags, command: Command) => {
      if (flags.rows === '-') throw new EmbedhouseError('USAGE', 'rows from stdin can be read once only: name a file');
      const home = await openHomeOf(command);
      await interruptible(async (signal) => {
        const server = home.serverUrl === undefined ? undefined : await openEngine(home);
        try {
          await watch(home, { name, values, ...flags }, { server, signal });
        } finally {
          await server?.close();
        }
      });
    });
}

interface Watched {
  /** Reloads the functions where it has the same files. */
  server: Engine | undefined;
  signal: AbortSignal;
}

async function watch(
  home: Home,
  { name, ...test }: WatchFlags & { name: string | undefined; values: readonly string[] },
  { server, signal }: Watched,
): Promise<void> {
  const runTest = async (): Promise<void> => {
    if (name !== undefined) print(await testSafely(home, { ...test, name, signal }));
  };
  const stamps = await takeStamps(home);
  const check = await makeCheck(home);
  const loaded = await check();
  loaded.problems.forEach((problem) => print(showProblem(problem)));
  print(`watching the functions in ${relative(process.cwd(), home.functionsPath) || 'this folder'}; Ctrl-C ends`);
  await runTest();
  const engine = { reloadFunctions: async () => server?.reloadFunctions() };
  const reloader = await FunctionReloader.make({ ...home, engine, check }, loaded, stamps);
  while (!signal.aborted) {
    const changes = await reloader.refresh();
    if (changes !== undefined) {
      print(`\n${new Date().toLocaleTimeString('en-GB')}`);
      describe(changes, server !== undefined).forEach(print);
      if (!changes.problems.some(isError)) await runTest();
    }
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
}

/** Gives the check of `functions check`, for as often as it is needed. */
async function makeCheck(home: Home): Promise<() => Promise<CheckedFunctions>> {
  await using engine = await openScratchEngine(home);
  const check = await prepareHomeCheck(home, engine);
  return async () => check({ checkKnownScript: hostedChecker(home), checkSyntax: true });
}

function describe(changes: FunctionChanges, isServer: boolean): string[] {
  if (isServer) return describeChanges(changes);
  const errors = changes.problems.filter(isError).length;
  const count = errors === 0 ? 'no errors' : errors === 1 ? '1 error' : `${errors} errors`;
  return [...changes.problems.map(showProblem), `${nameChanges(changes.paths)}: ${count}`];
}

/** What a test says, or why there is none: the next edit may repair it. */
async function testSafely(home: Home, request: FunctionTestRequest): Promise<string> {
  try {
    const { definition, test } = await runFunctionTest(home, request);
    return `\n${describeFunctionTest(definition, test)}`;
  } catch (error) {
    if (request.signal.aborted) return '';
    return `no test: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
