import { relative } from 'node:path';

import type { Command } from 'commander';

import { formatProblem } from '../functions/format-problem.ts';
import type { FunctionDefinition } from '../functions/function-definition.ts';
import { addNewFunctionCommand } from './new-function-command.ts';
import { openHomeOf } from './home-options.ts';
import { checkHomeFunctions, openScratchEngine } from './open-checked-engine.ts';
import { printTable } from './print-table.ts';
import { addTestFunctionCommand } from './test-function-command.ts';

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

  functions
    .command('check')
    .description('check the function files and scripts, of which ClickHouse leaves out broken ones without a word')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const home = await openHomeOf(command);
      await using engine = await openScratchEngine(home);
      const { definitions, problems } = await checkHomeFunctions(home, engine);
      const errors = problems.filter(({ severity }) => severity === 'error');
      if (json) {
        process.stdout.write(`${JSON.stringify(problems)}\n`);
      } else {
        const lines = problems.map((problem) => formatProblem(problem, { relativeTo: process.cwd() }));
        lines.push(
          `${definitions.length} functions read, ${errors.length} errors, ${problems.length - errors.length} notes`,
        );
        process.stdout.write(`${lines.join('\n')}\n`);
      }
      process.exitCode = errors.length > 0 ? 1 : 0;
    });

  addTestFunctionCommand(functions);
  addNewFunctionCommand(functions);
}

function signature({ name, arguments: args, returnType }: FunctionDefinition): string {
  const list = args.map((argument) => (argument.name ? `${argument.name} ${argument.type}` : argument.type));
  return `${name}(${list.join(', ')}) ${returnType}`;
}
