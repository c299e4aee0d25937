import { resolve } from 'node:path';

import { Option, type Command } from 'commander';

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
    .addOption(option('--functions <dir>', 'folder of *_function.xml files (HOME/functions)', 'EMBEDHOUSE_FUNCTIONS'))
    .addOption(option('--user-scripts <dir>', 'folder of scripts (HOME/user_scripts)', 'EMBEDHOUSE_USER_SCRIPTS'))
    .addOption(option('--models <dir>', 'folder of models (HOME/models)', 'EMBEDHOUSE_MODELS'))
    .addOption(option('--data <dir>', 'data folder (HOME/data), or :memory:', 'EMBEDHOUSE_DATA'))
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
  const options = command.optsWithGlobals<HomeOptions & { model?: string }>();
  const home = await openHome(options);
  process.env['EMBEDHOUSE_MODELS'] = resolve(home.modelsPath);
  if (options.model !== undefined) {
    process.env['EMBEDHOUSE_MODEL'] = options.model;
  }
  return home;
}
