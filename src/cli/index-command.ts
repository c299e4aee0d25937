import type { Command } from 'commander';

import { addRecallCommand } from './index-recall-command.ts';

/** `embedhouse index`: sizes, builds and judges vector indexes. */
export function addIndexCommand(program: Command): void {
  const index = program.command('index').description('vector indexes: what one costs, building it, and how good it is');
  addRecallCommand(index);
}
