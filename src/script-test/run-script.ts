import type { StderrReaction } from '../functions/function-definition.ts';
import { awaitAnswer } from './await-answer.ts';
import type { AnswerReader, Block, BlockReport, EndReport, ScriptReport } from './script-report.ts';
import { ScriptProcess, type ScriptCommand } from './script-process.ts';

export interface RunScriptOptions {
  command: ScriptCommand;
  /** One process for all blocks, whose input stays open between them; else one for each block. */
  isPool: boolean;
  blocks: readonly Block[];
  read: AnswerReader;
  readTimeoutMs: number;
  writeTimeoutMs: number;
  terminationTimeoutMs: number;
  stderrReaction: StderrReaction;
  signal?: AbortSignal;
}

/** How long a pool's process is watched after an answer, for what ClickHouse would take for the next one. */
const lateMs = 400;
const sigtermMs = 1000;

/** Runs a script as ClickHouse does, block after block until one goes wrong, and tells all that happened. */
export async function runScript(options: RunScriptOptions): Promise<ScriptReport> {
  const report: ScriptReport = { blocks: [], ends: [] };
  for (const blocks of options.isPool ? [options.blocks] : options.blocks.map((block) => [block])) {
    options.signal?.throwIfAborted();
    const wentWell = await runProcess(blocks, options, report);
    if (!wentWell) break;
  }
  return report;
}

async function runProcess(blocks: readonly Block[], options: RunScriptOptions, report: ScriptReport): Promise<boolean> {
  const { signal } = options;
  const script = await ScriptProcess.start(options.command);
  const onAbort = (): void => void script.signal('SIGKILL');
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    script.readsStderr = options.stderrReaction !== 'none';
    let last: BlockReport | undefined;
    for (const [index, block] of blocks.entries()) {
      const blockStart = index === 0 ? script.startedAt : performance.now();
      last = await runBlock(script, block, { ...options, isFirstOfProcess: index === 0, blockStart });
      signal?.throwIfAborted();
      report.blocks.push(last);
      if (last.outcome !== 'answered' || script.end !== undefined || hasSpoilt(last, options)) break;
    }
    report.ends.push(await endScript(script, options, last));
    signal?.throwIfAborted();
    return last?.outcome === 'answered' && last.end?.exitCode !== undefined ? last.end.exitCode === 0 : false;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await script.dispose();
  }
}

/** Whether the query has failed, or something is left that would fall upon the next one. */
function hasSpoilt({ lateOutput, stderr, lateStderr }: BlockReport, { stderrReaction }: RunScriptOptions): boolean {
  return lateOutput.length > 0 || (stderrReaction === 'throw' && stderr + lateStderr !== '');
}

async function runBlock(
  script: ScriptProcess,
  block: Block,
  options: RunScriptOptions & { isFirstOfProcess: boolean; blockStart: number },
): Promise<BlockReport> {
  const { blockStart, isFirstOfProcess, isPool } = options;
  const outputStart = script.stdoutBytes;
  const stderrStart = script.stderr.length;
  const { outcome, answer } = await awaitAnswer(script, block, { ...options, outputStart });
  const outputEnd = script.stdoutBytes;
  const stderrEnd = script.stderr.length;
  const times = script.stdoutTimes(outputStart);
  if (isPool && outcome === 'answered') await pause(script, lateMs);
  return {
    block,
    outcome,
    answer,
    output: script.stdoutFrom(outputStart).subarray(0, outputEnd - outputStart),
    firstByteMs: times && times.first - blockStart,
    lastByteMs: times && times.last - blockStart,
    isFirstOfProcess,
    stderr: script.stderr.slice(stderrStart, stderrEnd),
    lateOutput: script.stdoutFrom(outputEnd),
    lateStderr: script.stderr.slice(stderrEnd),
    outputAtEnd: new Uint8Array(),
    stderrAtEnd: '',
    end: script.end,
    isStdoutOpen: script.isStdoutOpen,
  };
}

/** Waits so long, or until the script ends. */
async function pause(script: ScriptProcess, ms: number): Promise<void> {
  await script.ended(ms);
}

async function endScript(
  script: ScriptProcess,
  { terminationTimeoutMs, isPool }: RunScriptOptions,
  last: BlockReport | undefined,
): Promise<EndReport> {
  const start = performance.now();
  const outputStart = script.stdoutBytes;
  const stderrStart = script.stderr.length;
  script.readsStderr = true;
  script.closeStdin();
  const hasEnded = await script.ended(terminationTimeoutMs);
  const endMs = performance.now() - start;
  if (last !== undefined) {
    // Its last words may still be in the pipe.
    if (hasEnded && script.isStdoutOpen) await script.change(50);
    last.outputAtEnd = script.stdoutFrom(outputStart);
    last.stderrAtEnd = script.stderr.slice(stderrStart);
    if (!isPool) last.end = script.end;
  }
  const { end } = script;
  const leavesProcess = hasEnded && script.signal(0);
  const heedsSigterm = hasEnded || (script.signal('SIGTERM') && (await script.ended(sigtermMs)));
  return { end, endMs: hasEnded ? endMs : undefined, heedsSigterm, leavesProcess };
}
