/** A place in a function file; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** One `<argument>` of a function; without a name ClickHouse calls it `c1`, `c2`, … in formats that name columns. */
interface FunctionArgument {
  name?: string;
  type: string;
}

/** How long ClickHouse keeps a loaded definition, in seconds; 0 and 0 is for ever. */
export interface FunctionLifetime {
  minS: number;
  maxS: number;
}

export type FunctionType = 'executable' | 'executable_pool';

/** What ClickHouse does with what a process writes to stderr. */
export type StderrReaction = 'none' | 'log' | 'log_first' | 'log_last' | 'throw';

/**
 * One executable user defined function as ClickHouse reads it from a `*_function.xml` file, with ClickHouse's
 * defaults in the place of what the file leaves out.
 */
export interface FunctionDefinition {
  /** Path of the file: the functions folder as it was given, joined with the file's name. */
  file: string;
  /** Line of the `<function>` tag, from 1. */
  line: number;
  name: string;
  type: FunctionType;
  /** With `executeDirect` a file in the user scripts folder and its arguments, split at single spaces; else a line for `/bin/sh -c`. */
  command: string;
  executeDirect: boolean;
  arguments: readonly FunctionArgument[];
  returnType: string;
  /** Name that the answer's column must bear, in formats that name columns. */
  returnName: string;
  /** Format of the rows, the same in both directions. */
  format: string;
  /** Most processes of a pool; 0 is without limit. `undefined` unless the type is `executable_pool`. */
  poolSize: number | undefined;
  /** Longest wait for a free process of a pool. `undefined` unless the type is `executable_pool`. */
  maxCommandExecutionTimeS: number | undefined;
  /** Time that a process has to end by itself after its input is closed. */
  commandTerminationTimeoutS: number;
  /** Longest silence of the process while ClickHouse reads; loading a model counts. */
  commandReadTimeoutMs: number;
  /** Longest time that the process leaves its input unread while ClickHouse writes. */
  commandWriteTimeoutMs: number;
  /** Whether a line with the number of rows precedes each block. */
  sendChunkHeader: boolean;
  deterministic: boolean;
  stderrReaction: StderrReaction;
  checkExitCode: boolean;
  lifetime: FunctionLifetime;
}
