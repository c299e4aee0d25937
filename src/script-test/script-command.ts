import { join } from 'node:path';

import { findCommandParameters } from '../functions/command-parameters.ts';
import type { FunctionDefinition } from '../functions/function-definition.ts';
import type { ScriptCommand } from './script-process.ts';

/**
 * What ClickHouse runs for a function: a file of the scripts' folder with the command's words, which single spaces
 * separate, or a line for the shell. `parameters` are the values of `{name:Type}`, as ClickHouse writes them.
 */
export function scriptCommand(
  { command, executeDirect }: Pick<FunctionDefinition, 'command' | 'executeDirect'>,
  { userScriptsPath, parameters = new Map() }: { userScriptsPath: string; parameters?: ReadonlyMap<string, string> },
): ScriptCommand {
  if (!executeDirect) return { file: '/bin/sh', args: ['-c', command] };
  const [script = '', ...words] = placeholders(command).split(' ');
  const args = words.map((word) =>
    word.replaceAll(/\{(?<name>\w+)\}/g, (placeholder, name: string) => parameters.get(name) ?? placeholder),
  );
  return { file: join(userScriptsPath, script), args };
}

/** Leaves `{name}` of each `{name:Type}`, whose type may have spaces. */
function placeholders(command: string): string {
  if (findCommandParameters(command).length === 0) return command;
  return command.replaceAll(/\{\s*(?<name>\w+)\s*:[^{}]*[^{}\s][^{}]*\}/g, '{$<name>}');
}
