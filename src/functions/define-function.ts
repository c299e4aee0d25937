import { checkOptions } from './check-options.ts';
import type { FunctionDefinition, FunctionLifetime, FunctionType } from './function-definition.ts';
import { parseBoolean, parseUnsigned, stderrReactions } from './function-options.ts';
import type { FunctionSource } from './function-source.ts';

/**
 * Makes the definition that ClickHouse would work with, its defaults filled in; `undefined` where an option is wrong
 * or comes from outside the file.
 */
export function defineFunction(source: FunctionSource): FunctionDefinition | undefined {
  const isSound = checkOptions(source).every(({ severity }) => severity !== 'error');
  if (!isSound || [...source.options.values()].some((option) => option.text === undefined)) return undefined;
  const text = (name: string): string | undefined => source.options.get(name)?.text;
  const unsigned = (name: string, fallback: number): number => parseUnsigned(text(name) ?? '') ?? fallback;
  const boolean = (name: string, fallback: boolean): boolean => parseBoolean(text(name) ?? '') ?? fallback;
  const name = text('name');
  const type = text('type');
  const command = text('command');
  const format = text('format');
  const returnType = text('return_type')?.trim();
  if (!name || !command || !format || !returnType || !isFunctionType(type)) return undefined;
  if (source.arguments.some((argument) => !argument.type?.text?.trim())) return undefined;
  const isPool = type === 'executable_pool';
  return {
    file: source.file,
    line: source.line,
    name,
    type,
    command,
    executeDirect: boolean('execute_direct', true),
    arguments: source.arguments.map((argument) => ({
      ...(argument.name === undefined ? {} : { name: argument.name }),
      type: argument.type?.text?.trim() ?? '',
    })),
    returnType,
    returnName: text('return_name') ?? 'result',
    format,
    poolSize: isPool ? unsigned('pool_size', 16) : undefined,
    maxCommandExecutionTimeS: isPool ? unsigned('max_command_execution_time', 10) : undefined,
    commandTerminationTimeoutS: unsigned('command_termination_timeout', 10),
    commandReadTimeoutMs: unsigned('command_read_timeout', 10_000),
    commandWriteTimeoutMs: unsigned('command_write_timeout', 10_000),
    sendChunkHeader: boolean('send_chunk_header', false),
    deterministic: boolean('deterministic', false),
    stderrReaction:
      stderrReactions.find((reaction) => reaction === text('stderr_reaction')?.toLowerCase()) ?? 'log_last',
    checkExitCode: boolean('check_exit_code', true),
    lifetime: readLifetime(source),
  };
}

function isFunctionType(type: string | undefined): type is FunctionType {
  return type === 'executable' || type === 'executable_pool';
}

function readLifetime(source: FunctionSource): FunctionLifetime {
  const lifetime = source.options.get('lifetime');
  const bound = (name: string): number => {
    const element = lifetime?.element.children.find((child) => child.name === name);
    return parseUnsigned(element?.text ?? lifetime?.text ?? '') ?? 0;
  };
  return { minS: bound('min'), maxS: bound('max') };
}
