import type { Command } from 'commander';

import { stoppable } from '../signals/stoppable.ts';
import { addParam } from './add-param.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { parseCount, parsePositive } from './parse-number.ts';
import { defaultTimeoutS, hasFailed, poolRepeat, runFunctionTest } from './run-function-test.ts';
import { describeFunctionTest, toJson } from './show-function-test.ts';

interface TestFlags {
  rows?: string;
  repeat?: number;
  timeout: number;
  param?: Record<string, string>;
  json?: true;
}

/** `embedhouse functions test`: runs a function's script by itself. */
export function addTestFunctionCommand(functions: Command): void {
  functions
    .command('test')
    .description('run the script of a function by itself, as ClickHouse would, and say what ClickHouse makes of it')
    .argument('<name>', 'the function')
    .argument('[values...]', 'its arguments, one row: text as it is, lists as [1,2], NULL as \\N')
    .option('--rows <file>', 'rows of arguments instead, in TabSeparated (- for stdin)')
    .option('--repeat <n>', `how often the rows are sent (${poolRepeat} to a pool, else once)`, parseCount)
    .option('--timeout <seconds>', 'the most that is waited for anything', parsePositive, defaultTimeoutS)
    .option('--param <name=value>', 'value of {name:Type} in the command; may be given several times', addParam)
    .option('--json', 'what happened as JSON')
    .addHelpText(
      'after',
      `
Shows what went in and came out, and exits with 0 if ClickHouse would be content, else with 1. The timeouts are the
definition's, none longer than --timeout.

Examples:
  embedhouse functions test hash_embedding 'a dog'
  embedhouse functions test hash_embedding --rows captions.tsv --repeat 20 --json
  printf 'a\\nb\\nc\\n' | embedhouse functions test hash_embedding --rows -`,
    )
    .action(async (name: string, values: string[], flags: TestFlags, command: Command) => {
      const home = await openHomeOf(command);
      const { definition, test } = await interruptible(async (signal) =>
        stoppable(signal, `the test of ${name} was stopped`, async () =>
          runFunctionTest(home, { name, values, ...flags, signal }),
        ),
      );
      process.stdout.write(
        flags.json ? `${JSON.stringify(toJson(definition, test))}\n` : `${describeFunctionTest(definition, test)}\n`,
      );
      process.exitCode = hasFailed(test) ? 1 : 0;
    });
}
