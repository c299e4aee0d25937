import { relative } from 'node:path';

import type { Command } from 'commander';

import type { FunctionDefinition } from '../functions/function-definition.ts';
import { addCheckFunctionsCommand } from './check-functions-command.ts';
import { addNewFunctionCommand } from './new-function-command.ts';
import { openHomeOf } from './home-options.ts';
import { checkHomeFunctions, openScratchEngine } from './open-checked-engine.ts';
import { printTable } from './print-table.ts';
import { addTestFunctionCommand } from './test-function-command.ts';
import { addWatchFunctionsCommand } from './watch-functions-command.ts';

/** `embedhouse functions`: the function files and their scripts. */
export function addFunctionsCommand(program: Command): void {
  const functions = program.command('functions').description('the function files and their scripts');

  functions
    .command('list')
    .description('list the functions of the home folder and whether ClickHouse has loaded them')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const home = await openHomeOf(command);
      await using engine = await openScratchEngine(home);
      const { definitions } = await checkHomeFunctions(home, engine);
      const loaded = new Set(
        (
          await engine.rows<{ name: string }>(
            "SELECT name FROM system.user_defined_functions WHERE load_status = 'Success'",
          )
        ).map(({ name }) => name),
      );
      const rows = definitions.map((definition) => ({ ...definition, loaded: loaded.has(definition.name) }));
      if (json) {
        process.stdout.write(`${JSON.stringify(rows)}\n`);
      } else {
        printTable(
          ['function', 'type', 'format', 'command', 'file', 'loaded'],
          rows.map((row) => [
            signature(row),
            row.type,
            row.format,
            row.command,
            relative(process.cwd(), row.file),
            row.loaded ? 'yes' : 'no',
          ]),
        );
      }
    });

  addCheckFunctionsCommand(functions);
  addTestFunctionCommand(functions);
  addWatchFunctionsCommand(functions);
  addNewFunctionCommand(functions);
}

function signature({ name, arguments: args, returnType }: FunctionDefinition): string {
  const list = args.map((argument) => (argument.name ? `${argument.name} ${argument.type}` : argument.type));
  return `${name}(${list.join(', ')}) ${returnType}`;
}
