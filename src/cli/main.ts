#!/usr/bin/env node
import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';

import { Command, CommanderError } from 'commander';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { addDemoCommand } from './demo-command.ts';
import { addFunctionsCommand } from './functions-command.ts';
import { addHomeOptions } from './home-options.ts';
import { addHostCommand } from './host-command.ts';
import { addIndexCommand } from './index-command.ts';
import { addIngestCommand } from './ingest-command.ts';
import { addModelsCommand } from './models-command.ts';
import { addQueryCommand } from './query-command.ts';
import { reportError } from './report-error.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const program = new Command('embedhouse')
  .description('Runs embedding models as SQL functions in ClickHouse.')
  .version(version)
  .showHelpAfterError('Run with --help for what is possible.')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  embedhouse demo
  embedhouse query "SELECT length(encode_text('a dog'))" --model emoji-clip
  embedhouse functions check`,
  );

addHomeOptions(program);
addQueryCommand(program);
addFunctionsCommand(program);
addModelsCommand(program);
addHostCommand(program);
addIngestCommand(program);
addIndexCommand(program);
addDemoCommand(program);

let unwritable: Error | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has read enough (`| head`) is no error; what is left to print goes nowhere.
  if (error.code !== 'EPIPE') {
    unwritable ??= error;
  }
});
// There is nowhere left to say so.
process.stderr.on('error', () => {});

try {
  await program.parseAsync();
  // A failed write is told of after the turn in which it was made.
  await setImmediate();
  if (unwritable !== undefined) {
    throw new EmbedhouseError(
      'FILE_UNUSABLE',
      `the output could not be written (${unwritable.message}); check where it goes`,
    );
  }
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed what is wrong; asking for help is no error.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    process.exitCode = reportError(error);
  }
}
