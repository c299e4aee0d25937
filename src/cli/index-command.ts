import type { Command } from 'commander';

/** `embedhouse index`: sizes, builds and judges vector indexes. */
export function addIndexCommand(program: Command): void {
  program.command('index').description('vector indexes: what one costs, building it, and how good it is');
}
