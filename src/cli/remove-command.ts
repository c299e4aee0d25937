import { createInterface } from 'node:readline';

import type { Command } from 'commander';
import prettyBytes from 'pretty-bytes';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { findRemovable, removeModel, type Removable } from '../models/hub/remove-model.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';

/** `embedhouse models remove`: removes a model's folder. */
export function addRemoveCommand(models: Command): void {
  models
    .command('remove')
    .description('remove a model, and what interrupted pulls of it left')
    .argument('<name>', 'the model')
    .option('--yes', 'without asking')
    .addHelpText(
      'after',
      `
Of a model that is a link only the link is removed. Vectors in tables stay as they are; a host that has the model loaded
goes on with it until it ends.

Examples:
  embedhouse models remove clip-vit-base-patch32
  embedhouse models remove clip-vit-base-patch32 --yes`,
    )
    .action(async (name: string, { yes }: { yes?: true }, command: Command) => {
      const { modelsPath } = await openHomeOf(command);
      const removable = await findRemovable(modelsPath, name);
      if (!yes && !(await isConfirmed(removable))) {
        process.stderr.write('Nothing was removed.\n');
        process.exitCode = 1;
        return;
      }
      await removeModel(modelsPath, removable);
      process.stdout.write(`Removed ${describe(removable)}\n`);
    });
}

async function isConfirmed(removable: Removable): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new EmbedhouseError(
      'USAGE',
      `removing model '${removable.name}' is to be confirmed, and there is no terminal to ask on; say --yes`,
    );
  }
  const answer = await interruptible(async (signal) => {
    process.stderr.write(`Remove ${describe(removable)}? [y/N] `);
    const line = await readLine(signal);
    if (signal.aborted) {
      process.stderr.write('\n');
      throw new EmbedhouseError('CANCELLED', 'nothing was removed');
    }
    return line;
  });
  return /^y(?:es)?$/i.test(answer.trim());
}

/** Answers the next line of stdin; '' at its end, or when the signal ends it. */
async function readLine(signal: AbortSignal): Promise<string> {
  // Not as a terminal: Ctrl-C then remains a signal.
  const lines = createInterface({ input: process.stdin, terminal: false, signal });
  const { value } = await lines[Symbol.asyncIterator]().next();
  lines.close();
  return value ?? '';
}

function describe({ name, path, kind, target, sizeBytes }: Removable): string {
  if (kind === 'link') {
    return `model '${name}' (${path}, a link to ${target ?? 'nothing'}, which stays)`;
  }
  return kind === 'folder'
    ? `model '${name}' (${prettyBytes(sizeBytes)} in ${path})`
    : `the unfinished pull of model '${name}' (${prettyBytes(sizeBytes)})`;
}
