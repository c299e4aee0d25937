import type { Command } from 'commander';

import { addBenchCommand } from './bench-command.ts';
import { addListCommand } from './list-models-command.ts';
import { addPullCommand } from './pull-command.ts';
import { addQuantizeCommand } from './quantize-command.ts';
import { addRemoveCommand } from './remove-command.ts';
import { addShowCommand } from './show-model-command.ts';
import { addVerifyCommand } from './verify-command.ts';

/** `embedhouse models`: the model folders. */
export function addModelsCommand(program: Command): void {
  const models = program.command('models').description('the model folders');
  addListCommand(models);
  addShowCommand(models);
  addPullCommand(models);
  addVerifyCommand(models);
  addRemoveCommand(models);
  addQuantizeCommand(models);
  addBenchCommand(models);
}
