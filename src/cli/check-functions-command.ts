import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';

import type { Command } from 'commander';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { CheckedFunctions } from '../functions/check-functions.ts';
import type { KnownScriptChecker } from '../functions/check-known-script.ts';
import type { FunctionProblem, ScriptFix } from '../functions/function-problem.ts';
import { repairsDone, repairScript } from '../functions/repair-script.ts';
import type { Home } from '../home/open-home.ts';
import { checkHostedCommand } from '../host/check-hosted-command.ts';
import { currentModel, openHomeOf } from './home-options.ts';
import { openScratchEngine, prepareHomeCheck } from './open-checked-engine.ts';
import { showProblem } from './show-problem.ts';

interface CheckFlags {
  json?: true;
  fix?: true;
}

/** A repaired script may show what was hidden: not executable, then its byte order mark, then its line ends. */
const repairRounds = 3;

/** `embedhouse functions check`: says what is wrong with function files and their scripts. */
export function addCheckFunctionsCommand(functions: Command): void {
  functions
    .command('check')
    .description('check the function files and scripts, of which ClickHouse leaves out broken ones without a word')
    .argument('[file...]', 'only these function files, XML or YAML, in the functions folder or anywhere')
    .option('--json', 'as JSON, for editors and CI')
    .option('--fix', 'make scripts executable, give them LF line endings, take byte order marks off')
    .addHelpText(
      'after',
      `
An error is what ClickHouse does not load, cannot call, or passes over in silence; a warning is about a function that runs,
but hardly as it was meant; a note is worth knowing. The exit code is 1 if there are errors, 2 if a file is not there.

Examples:
  embedhouse functions check
  embedhouse functions check functions/slug_function.yaml --json
  embedhouse functions check --fix`,
    )
    .action(async (files: string[], flags: CheckFlags, command: Command) => {
      const home = await openHomeOf(command);
      const paths = await Promise.all(files.map(requireFile));
      await using engine = await openScratchEngine(home);
      const options = {
        ...(paths.length > 0 && { files: paths }),
        checkKnownScript: hostedChecker(home),
        checkSyntax: true,
      };
      const check = await prepareHomeCheck(home, engine);
      let checked = await check(options);
      const fixed: ScriptFix[] = [];
      for (let round = 0; flags.fix && round < repairRounds; round += 1) {
        const fixes = findFixes(checked.problems);
        if (fixes.length === 0) break;
        for (const fix of fixes) {
          await repairScript(fix);
          fixed.push(fix);
        }
        checked = await check(options);
      }
      report(checked, fixed, flags.json === true);
    });
}

/** @throws USAGE when there is no such file */
async function requireFile(file: string): Promise<string> {
  const path = resolve(file);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() && path.endsWith('ml')) return path;
  const fault = found?.isFile() ? 'is neither XML nor YAML by its name' : 'is not a file';
  throw new EmbedhouseError('USAGE', `${file} ${fault}; name function files, such as functions/slug_function.xml`);
}

/** Knows the bridge, by where it is in every package. */
export function hostedChecker({ modelsPath }: Home): KnownScriptChecker {
  return async (script) =>
    script.path.endsWith('/dist/bridge/embed.js')
      ? checkHostedCommand(script, { modelsPath, defaultModel: currentModel() })
      : [];
}

/** Gives the repairs of all scripts, each once although several functions may name a script. */
function findFixes(problems: readonly FunctionProblem[]): ScriptFix[] {
  const fixes = problems.flatMap(({ fix }) => (fix ? [[`${fix.repair} ${fix.path}`, fix] as const] : []));
  return [...new Map(fixes).values()];
}

function report({ definitions, problems }: CheckedFunctions, fixed: readonly ScriptFix[], asJson: boolean): void {
  const count = (severity: FunctionProblem['severity']): number =>
    problems.filter((problem) => problem.severity === severity).length;
  const [errors, warnings, notes] = [count('error'), count('warning'), count('note')];
  if (asJson) {
    const counts = { functions: definitions.length, errors, warnings, notes };
    process.stdout.write(`${JSON.stringify({ ...counts, problems, fixed })}\n`);
  } else {
    const lines = [
      ...fixed.map(({ path, repair }) => `${relative(process.cwd(), path)}: ${repairsDone[repair]}`),
      ...problems.map(showProblem),
      `${definitions.length} functions read, ${errors} errors, ${warnings} warnings, ${notes} notes`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  process.exitCode = errors > 0 ? 1 : 0;
}
