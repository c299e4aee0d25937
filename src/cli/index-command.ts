import type { Command } from 'commander';

import { addIndexCreateCommand } from './index-create-command.ts';
import { addIndexEstimateCommand } from './index-estimate-command.ts';
import { addIndexRecallCommand } from './index-recall-command.ts';
import { addIndexStatusCommand } from './index-status-command.ts';

/** `embedhouse index`: sizes, builds and judges vector indexes. */
export function addIndexCommand(program: Command): void {
  const index = program.command('index').description('vector indexes: what one costs, building it, and how good it is');
  addIndexEstimateCommand(index);
  addIndexCreateCommand(index);
  addIndexStatusCommand(index);
  addIndexRecallCommand(index);
}
