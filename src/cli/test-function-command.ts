import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { InvalidArgumentError, type Command } from 'commander';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { stoppable } from '../signals/stoppable.ts';
import { didYouMean } from '../functions/closest-name.ts';
import type { FunctionDefinition } from '../functions/function-definition.ts';
import { readFunctionFiles } from '../functions/read-definitions.ts';
import type { Home } from '../home/open-home.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { openScratchEngine } from './open-checked-engine.ts';
import { parseCount, parsePositive } from './parse-number.ts';
import { renderParameters } from './render-parameters.ts';
import { describeFunctionTest, toJson } from './show-function-test.ts';
import { testFunction } from './test-function.ts';

interface TestFlags {
  rows?: string;
  repeat?: number;
  timeout: number;
  param?: Record<string, string>;
  json?: true;
}

/** A process of a pool answers block after block: what one leaves behind shows in the next. */
const poolRepeat = 3;
const defaultTimeoutS = 30;

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
      const definition = await findDefinition(home, name);
      const folder = await mkdtemp(join(tmpdir(), 'embedhouse-rows-'));
      try {
        const rowsPath = await writeRows(folder, definition, values, flags.rows);
        const parameters = await renderParameters(home, definition.command, flags.param ?? {});
        const test = await interruptible(async (signal) =>
          stoppable(signal, `the test of ${name} was stopped`, async () => {
            await using engine = await openScratchEngine(home);
            return await testFunction(engine, {
              definition,
              userScriptsPath: home.userScriptsPath,
              rowsPath,
              repeat: flags.repeat ?? (definition.type === 'executable_pool' ? poolRepeat : 1),
              mostWaitMs: flags.timeout * 1000,
              parameters,
              signal,
            });
          }),
        );
        process.stdout.write(
          flags.json ? `${JSON.stringify(toJson(definition, test))}\n` : `${describeFunctionTest(definition, test)}\n`,
        );
        process.exitCode = test.findings.some(({ severity }) => severity === 'error') ? 1 : 0;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
}

function addParam(assignment: string, params: Record<string, string> = {}): Record<string, string> {
  const equals = assignment.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('expected name=value');
  return { ...params, [assignment.slice(0, equals)]: assignment.slice(equals + 1) };
}

/** @throws USAGE when no function of the home has the name; FUNCTIONS_INVALID when its file cannot be read */
async function findDefinition({ functionsPath }: Home, name: string): Promise<FunctionDefinition> {
  const { definitions, problems } = await readFunctionFiles(functionsPath);
  const definition = definitions.find((each) => each.name === name);
  if (definition !== undefined) return definition;
  const problem = problems.find(({ functionName, severity }) => functionName === name && severity === 'error');
  if (problem !== undefined) {
    const message = `the definition of ${name} is broken: ${problem.message} (${problem.file}:${problem.line}); ${problem.remedy}`;
    throw new EmbedhouseError('FUNCTIONS_INVALID', message);
  }
  const names = definitions.map((each) => each.name);
  const hint = didYouMean(name, names) || 'embedhouse functions list shows those that there are';
  throw new EmbedhouseError('USAGE', `no function in ${functionsPath} is called '${name}'; ${hint}`);
}

/** Gives the path of a file of rows: the one that is named, or one of the values on the command line. */
async function writeRows(
  folder: string,
  { name, arguments: args }: FunctionDefinition,
  values: readonly string[],
  file: string | undefined,
): Promise<string> {
  const path = join(folder, 'rows.tsv');
  if (file !== undefined) {
    if (values.length > 0)
      throw new EmbedhouseError('USAGE', 'the arguments are given twice: leave out the values or --rows');
    if (file === '-') {
      await writeFile(path, await buffer(process.stdin));
      return path;
    }
    await access(file).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EmbedhouseError('FILE_UNUSABLE', `cannot read the rows from '${file}': ${reason}`, { cause });
    });
    return resolve(file);
  }
  if (values.length !== args.length) {
    const list = args.map((argument) => `${argument.name ?? ''} ${argument.type}`.trim()).join(', ');
    const message = `${name} takes ${args.length} arguments (${list}), and ${values.length} are given; give one value each, or --rows`;
    throw new EmbedhouseError('USAGE', message);
  }
  await writeFile(path, `${values.map(escapeValue).join('\t')}\n`);
  return path;
}

/** Writes a value in TabSeparated; `\N` stays NULL. */
function escapeValue(value: string): string {
  if (value === String.raw`\N`) return value;
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', String.raw`\t`)
    .replaceAll('\n', String.raw`\n`);
}
