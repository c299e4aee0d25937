import { resolve } from 'node:path';

import { Option, type Command } from 'commander';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { openHome, type Home, type HomeOptions } from '../home/open-home.ts';
import { defaultModel } from '../host/function-call.ts';

/** Adds the flags that say where everything is; each has its environment variable. */
export function addHomeOptions(program: Command): void {
  const option = (flags: string, description: string, variable: string): Option =>
    new Option(flags, description).env(variable);
  program
    .addOption(
      option(
        '--home <dir>',
        'home folder (the current one if it holds functions/, else a folder of your own)',
        'EMBEDHOUSE_HOME',
      ),
    )
    .addOption(
      option(
        '--functions <dir>',
        'folder of function files, *_function.xml or .yaml (HOME/functions)',
        'EMBEDHOUSE_FUNCTIONS',
      ),
    )
    .addOption(option('--user-scripts <dir>', 'folder of scripts (HOME/user_scripts)', 'EMBEDHOUSE_USER_SCRIPTS'))
    .addOption(option('--models <dir>', 'folder of models (HOME/models)', 'EMBEDHOUSE_MODELS'))
    .addOption(option('--data <dir>', 'data folder (HOME/data), or :memory:', 'EMBEDHOUSE_DATA'))
    .addOption(
      option(
        '--connect <url>',
        'a ClickHouse server instead of the embedded one, as http://user@host:8123/database; its password in EMBEDHOUSE_PASSWORD, since others see what is in a command line',
        'EMBEDHOUSE_CONNECT',
      ),
    )
    .addOption(option('--model <name>', 'model of functions that name none', 'EMBEDHOUSE_MODEL'));
}

const pathFlags = {
  home: '--home',
  functions: '--functions',
  userScripts: '--user-scripts',
  models: '--models',
} as const;

/** Names the model of functions that name none, once `openHomeOf` has read the flags. */
export function currentModel(): string {
  return process.env['EMBEDHOUSE_MODEL'] || defaultModel;
}

/** Repeats the flags by which a command's paths were given, for a shell; '' when none was. */
export function givenPathFlags(command: Command): string {
  const options = command.optsWithGlobals<HomeOptions>();
  return Object.entries(pathFlags)
    .flatMap(([name, flag]) => {
      const value = options[name as keyof typeof pathFlags]; // Object.entries forgets the names.
      return command.getOptionValueSourceWithGlobals(name) === 'cli' && value !== undefined
        ? [`${flag} ${quoteForShell(value)} `]
        : [];
    })
    .join('');
}

/** Quotes what a shell would take apart. */
export function quoteForShell(value: string): string {
  return /^[\w./:@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Opens the home that a command's flags name, and tells the bridges that this process will start, through the
 * environment they inherit, where its models are and which is the default.
 */
export async function openHomeOf(command: Command): Promise<Home> {
  const { connect, ...options } = command.optsWithGlobals<HomeOptions & { model?: string }>();
  const home = await openHome({ ...options, ...(isConnected(command) && connect !== undefined && { connect }) });
  process.env['EMBEDHOUSE_MODELS'] = resolve(home.modelsPath);
  if (options.model !== undefined) {
    process.env['EMBEDHOUSE_MODEL'] = options.model;
  }
  return home;
}

/**
 * Whether SQL goes to a server. Of `--connect` and `--data` one can be given, and what is on the command line counts
 * before the environment.
 *
 * @throws EmbedhouseError `USAGE` when both are given in the same way
 */
function isConnected(command: Command): boolean {
  const { connect, data } = command.optsWithGlobals<HomeOptions>();
  if (connect === undefined || connect === '') return false;
  if (data === undefined) return true;
  const connectSource = command.getOptionValueSourceWithGlobals('connect');
  if (connectSource !== command.getOptionValueSourceWithGlobals('data')) return connectSource === 'cli';
  const names = connectSource === 'cli' ? '--connect and --data' : 'EMBEDHOUSE_CONNECT and EMBEDHOUSE_DATA';
  throw new EmbedhouseError('USAGE', `${names} are both given, and data is in one place: leave one out`);
}
