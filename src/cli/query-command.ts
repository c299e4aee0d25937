import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

import type { Command } from 'commander';

import type { Engine } from '../engine/engine.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { addParam } from './add-param.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { openLiveEngine } from './open-live-engine.ts';
import { QueryProgressBar } from './show-query-progress.ts';

interface QueryCommandOptions {
  file?: string;
  format?: string;
  param?: Record<string, string>;
}

/** `embedhouse query`: SQL in, results out. */
export function addQueryCommand(program: Command): void {
  program
    .command('query')
    .description('run SQL on the embedded ClickHouse with the functions of the home folder, or on a server')
    .argument('[sql]', 'one or several statements, separated by ;')
    .option('--file <path>', 'read the SQL from a file (- or nothing: from stdin)')
    .option(
      '--format <name>',
      'format of results whose statement names none (PrettyCompact on a terminal, else TabSeparated)',
    )
    .option('--param <name=value>', 'value of {name:Type} in the SQL; may be given several times', addParam)
    .addHelpText(
      'after',
      `
Examples:
  embedhouse query "SELECT encode_text('a dog')" --model emoji-clip
  embedhouse query "SELECT {x:UInt8} + 1" --param x=41
  embedhouse query --data :memory: --format JSONEachRow < statements.sql
  EMBEDHOUSE_PASSWORD=… embedhouse query "SELECT version()" --connect https://user@host:8443/database
Results go to stdout, all else to stderr; Ctrl-C cancels the running statement.`,
    )
    .action(async (sql: string | undefined, options: QueryCommandOptions, command: Command) => {
      const statements = await readSql(sql, options.file);
      const home = await openHomeOf(command);
      if (home.serverUrl !== undefined && command.getOptionValueSourceWithGlobals('model') === 'cli') {
        const message =
          "--model chooses for functions on this machine, and --connect runs a server's: set the model there, in the function's <command>";
        throw new EmbedhouseError('USAGE', message);
      }
      await interruptible(async (signal) => {
        using progress = new QueryProgressBar(process.stderr);
        await using engine = await openLiveEngine(home, progress.say);
        await runQuery(engine, statements, options, { signal, progress });
      });
    });
}

async function readSql(sql: string | undefined, file: string | undefined): Promise<string> {
  if (sql !== undefined && file !== undefined) {
    throw new EmbedhouseError('USAGE', 'the SQL is given twice: leave out the argument or --file');
  }
  if (sql !== undefined) {
    return sql;
  }
  if (file !== undefined && file !== '-') {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new EmbedhouseError('FILE_UNUSABLE', `cannot read the SQL from '${file}': ${reason}`, { cause: error });
    }
  }
  if (process.stdin.isTTY) {
    throw new EmbedhouseError(
      'USAGE',
      'no SQL: give it as an argument, with --file, or on stdin; see embedhouse query --help',
    );
  }
  return text(process.stdin);
}

async function runQuery(
  engine: Engine,
  sql: string,
  { format, param = {} }: QueryCommandOptions,
  { signal, progress }: { signal: AbortSignal; progress: QueryProgressBar },
): Promise<void> {
  await engine.run(sql, {
    format: format ?? (process.stdout.isTTY ? 'PrettyCompact' : 'TabSeparated'),
    params: param,
    signal,
    output: progress.outputTo(process.stdout),
    onProgress: progress.update,
  });
}
