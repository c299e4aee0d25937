import type { AnswerReader, Block, BlockOutcome, ReadAnswer } from './script-report.ts';
import type { ScriptProcess, WriteOutcome } from './script-process.ts';

interface AwaitOptions {
  isPool: boolean;
  read: AnswerReader;
  readTimeoutMs: number;
  writeTimeoutMs: number;
  /** Where in the script's stdout the answer begins. */
  outputStart: number;
}

/** An answer is looked at when its script pauses, so that most are read once. */
const pauseMs = 20;
/** One without a pause is looked at when it has grown so large, and each time that it has doubled. */
const firstLookBytes = 1 << 20;

/** Sends a block and follows the answer until ClickHouse would do without the script, or give up. */
export async function awaitAnswer(
  script: ScriptProcess,
  block: Block,
  options: AwaitOptions,
): Promise<{ outcome: BlockOutcome; answer: ReadAnswer }> {
  const { isPool, read, readTimeoutMs, outputStart } = options;
  let write: WriteOutcome | undefined;
  // ClickHouse writes in a thread of its own, while it reads.
  void script.write(block.bytes, options.writeTimeoutMs).then((outcome) => {
    write = outcome;
    if (!isPool) script.closeStdin();
  });
  script.lastActivity = performance.now();
  let answer: ReadAnswer = { rowCount: 0, rows: [] };
  let readBytes = -1;
  let nextLookBytes = firstLookBytes;
  let nextPauseMs = pauseMs;
  for (;;) {
    const bytes = script.stdoutBytes - outputStart;
    const silentMs = performance.now() - script.lastActivity;
    const isWhole = !script.isStdoutOpen;
    if (isWhole || (bytes > readBytes && (silentMs >= nextPauseMs || bytes >= nextLookBytes))) {
      script.readsStdout = false;
      const lookStart = performance.now();
      answer = await read(script.stdoutFrom(outputStart), isWhole);
      script.readsStdout = true;
      // The time that reading takes is no silence of the script.
      script.lastActivity = performance.now();
      nextPauseMs = Math.max(pauseMs, script.lastActivity - lookStart);
      readBytes = bytes;
      nextLookBytes = Math.max(firstLookBytes, bytes * 2);
      const outcome = outcomeOf(answer, block, { isWhole, isPool });
      if (outcome !== undefined) return { outcome, answer };
    } else if (write === 'unread') {
      return { outcome: 'unread', answer };
    } else if (silentMs >= readTimeoutMs) {
      return { outcome: 'silent', answer };
    }
    const isUnread = script.stdoutBytes - outputStart > readBytes && silentMs < nextPauseMs;
    await script.change(isUnread ? nextPauseMs - silentMs : Math.min(readTimeoutMs - silentMs, 100));
  }
}

function outcomeOf(
  { rowCount, fault, isCut = false }: ReadAnswer,
  { rowCount: expected }: Block,
  { isWhole, isPool }: { isWhole: boolean; isPool: boolean },
): BlockOutcome | undefined {
  if (rowCount > expected) return 'too many rows';
  if (fault !== undefined && (isWhole || !isCut)) {
    // In a pool ClickHouse stops reading at the last row: what follows it is in the way of the next query.
    return isPool && rowCount === expected ? 'too many rows' : 'unreadable';
  }
  if (isPool && rowCount === expected && fault === undefined) return 'answered';
  if (isWhole) return rowCount === expected ? 'answered' : 'ended';
  return undefined;
}
