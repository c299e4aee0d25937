import type { StderrReaction } from './function-definition.ts';

export const stderrReactions: readonly StderrReaction[] = ['none', 'log', 'log_first', 'log_last', 'throw'];

/** What an option of a function may hold; `seconds-range` is a number or `<min>` and `<max>`. */
type OptionKind = 'text' | 'unsigned' | 'boolean' | 'seconds-range' | readonly string[];

export interface FunctionOption {
  kind: OptionKind;
  required?: true;
  /** ClickHouse reads the option only for `executable_pool`. */
  poolOnly?: true;
  /** What a number counts. */
  unit?: 'milliseconds' | 'seconds' | 'bytes' | 'processes';
  /** What ClickHouse takes where the option is missing. */
  default?: string;
  /** The last version of ClickHouse that passes over the option in silence. */
  ignoredUpTo?: string;
}

/**
 * Every element that may stand in a `<function>`, beside `<argument>`. The kinds follow what ClickHouse 26.7 accepts;
 * the shared memory options are those of an open proposal.
 * Source: https://clickhouse.com/docs/sql-reference/functions/udf and ClickHouse's ExternalUserDefinedExecutableFunctionsLoader.
 */
export const functionOptions: Readonly<Record<string, FunctionOption>> = {
  type: { kind: ['executable', 'executable_pool'], required: true },
  name: { kind: 'text', required: true },
  command: { kind: 'text', required: true },
  format: { kind: 'text', required: true },
  return_type: { kind: 'text', required: true },
  return_name: { kind: 'text', default: 'result' },
  execute_direct: { kind: 'boolean', default: 'true' },
  pool_size: { kind: 'unsigned', poolOnly: true, unit: 'processes', default: '16' },
  max_command_execution_time: { kind: 'unsigned', poolOnly: true, unit: 'seconds', default: '10' },
  command_termination_timeout: { kind: 'unsigned', unit: 'seconds', default: '10' },
  command_read_timeout: { kind: 'unsigned', unit: 'milliseconds', default: '10000' },
  command_write_timeout: { kind: 'unsigned', unit: 'milliseconds', default: '10000' },
  command_pipe_capacity: { kind: 'unsigned', unit: 'bytes', default: '0' },
  send_chunk_header: { kind: 'boolean', default: 'false' },
  deterministic: { kind: 'boolean', default: 'false' },
  stderr_reaction: { kind: stderrReactions, default: 'log_last' },
  check_exit_code: { kind: 'boolean', default: 'true' },
  lifetime: { kind: 'seconds-range', unit: 'seconds', default: '0' },
  use_shared_memory: { kind: 'boolean', ignoredUpTo: '26.7' },
  shared_memory_size: { kind: 'unsigned', unit: 'bytes', ignoredUpTo: '26.7' },
  shared_memory_max_size: { kind: 'unsigned', unit: 'bytes', ignoredUpTo: '26.7' },
};

/** Every element that may stand in an `<argument>`. */
export const argumentOptions = ['type', 'name'] as const;

/** Reads a boolean as ClickHouse's configuration does (white space is not allowed), or gives `undefined`. */
export function parseBoolean(text: string): boolean | undefined {
  if (/^(true|yes|on)$/i.test(text)) return true;
  if (/^(false|no|off)$/i.test(text)) return false;
  return /^[+-]?\d{1,9}$/.test(text) ? Number(text) !== 0 : undefined;
}

/** Reads a 64-bit unsigned number as ClickHouse's configuration does (also `0x10`, no white space), or gives `undefined`. */
export function parseUnsigned(text: string): number | undefined {
  if (!/^(\+?\d+|0[xX][\da-fA-F]+)$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return value <= 0xffff_ffff_ffff_ffffn ? Number(value) : undefined;
}
