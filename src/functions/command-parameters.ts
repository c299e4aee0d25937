export interface CommandParameter {
  name: string;
  type: string;
}

/**
 * Finds the `{name:Type}` parameters of a command, the constants of a call like `f('constant')(argument)`. What stands
 * in braces without being a name, a colon and a type is no parameter to ClickHouse but part of the command.
 */
export function findCommandParameters(command: string): CommandParameter[] {
  const parameters: CommandParameter[] = [];
  for (const [, name = '', type = ''] of command.matchAll(/\{\s*(\w+)\s*:([^{}]*)\}/g)) {
    if (type.trim() !== '') parameters.push({ name, type: type.trim() });
  }
  return parameters;
}
