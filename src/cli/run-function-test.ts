import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { didYouMean } from '../functions/closest-name.ts';
import type { FunctionDefinition } from '../functions/function-definition.ts';
import { readFunctionFiles } from '../functions/read-definitions.ts';
import type { Home } from '../home/open-home.ts';
import { openScratchEngine } from './open-checked-engine.ts';
import { renderParameters } from './render-parameters.ts';
import { type FunctionTest, testFunction } from './test-function.ts';

export interface FunctionTestRequest {
  name: string;
  /** One row of arguments. */
  values: readonly string[];
  /** A file of rows instead, `-` for stdin. */
  rows?: string;
  /** How often the rows are sent. @default 3 to a pool, else 1 */
  repeat?: number;
  /** The most seconds that are waited for anything. */
  timeout: number;
  /** Values of the command's `{name:Type}`. */
  param?: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** A process of a pool answers block after block: what one leaves behind shows in the next. */
export const poolRepeat = 3;
export const defaultTimeoutS = 30;

/**
 * Runs the script of a function of the home by itself, with an embedded engine that is open meanwhile.
 *
 * @throws USAGE when there is no such function, or the rows or parameters are not its own; FUNCTIONS_INVALID when its file
 *   cannot be read
 */
export async function runFunctionTest(
  home: Home,
  { name, values, rows, repeat, timeout, param = {}, signal }: FunctionTestRequest,
): Promise<{ definition: FunctionDefinition; test: FunctionTest }> {
  const definition = await findDefinition(home, name);
  const folder = await mkdtemp(join(tmpdir(), 'embedhouse-rows-'));
  try {
    const rowsPath = await writeRows(folder, definition, values, rows);
    const parameters = await renderParameters(home, definition.command, param);
    await using engine = await openScratchEngine(home);
    const test = await testFunction(engine, {
      definition,
      userScriptsPath: home.userScriptsPath,
      rowsPath,
      repeat: repeat ?? (definition.type === 'executable_pool' ? poolRepeat : 1),
      mostWaitMs: timeout * 1000,
      parameters,
      signal,
    });
    return { definition, test };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether ClickHouse would not be content. */
export const hasFailed = ({ findings }: FunctionTest): boolean => findings.some(({ severity }) => severity === 'error');

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
