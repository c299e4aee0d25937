import type { ScriptEnd } from './script-process.ts';

/** What of an answer can be read, as ClickHouse reads it. */
export interface ReadAnswer {
  /** Whole rows before the first that cannot be read. */
  rowCount: number;
  /** The first few of them as text. */
  rows: readonly string[];
  /** Why the next row cannot be read. */
  fault?: string;
  /** The fault may go away with more bytes: the answer ends in the middle of a row. */
  isCut?: boolean;
  /** A log line among the answers: without it they could be read. */
  logLine?: string;
}

/** Reads an answer, which is at its end or may go on. */
export type AnswerReader = (bytes: Uint8Array, isWhole: boolean) => Promise<ReadAnswer>;

/** One block of rows as the script gets it. */
export interface Block {
  rowCount: number;
  bytes: Uint8Array;
}

/**
 * How a block went: the whole answer came; more than it; nothing (more) came in time; the input was not taken in time;
 * the output ended too early; it cannot be read.
 */
export type BlockOutcome = 'answered' | 'too many rows' | 'silent' | 'unread' | 'ended' | 'unreadable';

export interface BlockReport {
  block: Block;
  outcome: BlockOutcome;
  output: Uint8Array;
  answer: ReadAnswer;
  /** From the beginning of the block (with a new process: of its start) to the first and the last byte of the answer. */
  firstByteMs: number | undefined;
  lastByteMs: number | undefined;
  /** Whether the script was started for this block. */
  isFirstOfProcess: boolean;
  stderr: string;
  /** What in the answer ClickHouse drops without a word, and takes the type's default for. */
  lost?: string;
  /** Values that are allowed, and seldom meant. */
  oddities?: readonly string[];
  /** What came on stdout in the moment after the answer, in a pool. */
  lateOutput: Uint8Array;
  lateStderr: string;
  /** What came on stdout when the input ended, after a silence. */
  outputAtEnd: Uint8Array;
  /** The same of stderr, with what ClickHouse does not read with `<stderr_reaction>none`. */
  stderrAtEnd: string;
  /** The process, if it had ended by itself before its input ended (a pool), or with the block. */
  end: ScriptEnd | undefined;
  isStdoutOpen: boolean;
}

/** How the last process went after its input had ended. */
export interface EndReport {
  /** `undefined` when it did not end by itself in time. */
  end: ScriptEnd | undefined;
  endMs: number | undefined;
  /** Whether SIGTERM ended it when it had not by itself. */
  heedsSigterm: boolean;
  /** Whether it had started something that was still there when it had ended. */
  leavesProcess: boolean;
}

export interface ScriptReport {
  blocks: BlockReport[];
  /** Of each process that was started. */
  ends: EndReport[];
}
