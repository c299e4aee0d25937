import type { JudgeOptions } from './judge-script.ts';
import type { BlockOutcome, BlockReport } from './script-report.ts';

export interface Finding {
  /** An `error` is what makes a query fail, wait or give wrong answers; a `note` is worth knowing. */
  severity: 'error' | 'note';
  message: string;
  /** Which block, from 1. */
  block?: number;
}

/** What a pipe holds on Linux. */
const pipeBytes = 65_536;

type Context = JudgeOptions & { index: number };

/** Says what ClickHouse would make of how one block went. */
export function judgeBlock(report: BlockReport, context: Context): Finding[] {
  const block = context.index + 1;
  const error = (message: string): Finding => ({ severity: 'error', message, block });
  const outcome = outcomes[report.outcome](report, context);
  const findings = [...(outcome === undefined ? [] : [outcome]), ...judgeAfterwards(report, context)].map(error);
  const { lost, oddities = [] } = report;
  if (lost !== undefined) {
    findings.push(error(`gave what ClickHouse drops without a word, and takes the type's default for: ${lost}`));
  }
  findings.push(...oddities.map((message): Finding => ({ severity: 'note', message, block })));
  if (context.definition.stderrReaction === 'throw' && report.stderr !== '') {
    findings.push(error('wrote to stderr, which <stderr_reaction>throw</stderr_reaction> makes an error'));
  }
  return findings;
}

const outcomes: Record<BlockOutcome, (report: BlockReport, context: Context) => string | undefined> = {
  answered: () => undefined,
  'too many rows': tooManyRows,
  unreadable: ({ answer }) =>
    answer.logLine === undefined
      ? (answer.fault ?? 'its answer cannot be read')
      : `printed a log line to stdout: ${JSON.stringify(answer.logLine)}; only answers belong there, and logs on stderr`,
  unread: (_, context) => `read nothing for ${waited(context, 'write')}, with rows waiting for it`,
  silent: silence,
  ended: ({ answer, block, end }) => {
    const answered = `${answer.rowCount} of ${rows(block.rowCount)}`;
    return end === undefined
      ? `closed its output after ${answered}`
      : `ended (${describeEnd(end)}) after it had answered ${answered}; it must answer one for each`;
  },
};

/** What is wrong although the answer is right. */
function judgeAfterwards(report: BlockReport, { definition, index }: Context): string[] {
  const { end, outcome, lateOutput, lateStderr } = report;
  if (outcome !== 'answered') return [];
  if (definition.type === 'executable') {
    if (end === undefined || end.exitCode === 0 || !definition.checkExitCode) return [];
    return [`answered every row, then ended with ${describeEnd(end)}, which fails the query (<check_exit_code>)`];
  }
  const findings: string[] = [];
  if (lateOutput.length > 0) {
    findings.push(
      `printed ${lateOutput.length} bytes after its answer: the next query takes them for its own answer; print nothing but answers`,
    );
  }
  if (lateStderr !== '' && definition.stderrReaction === 'throw') {
    findings.push(
      'wrote to stderr after its answer: with <stderr_reaction>throw</stderr_reaction> the next query fails for it',
    );
  }
  if (end !== undefined) {
    findings.push(
      `ended (${describeEnd(end)}) after block ${index + 1}, while its input was open: the next query that gets it fails; read until EOF`,
    );
  } else if (!report.isStdoutOpen) {
    findings.push('closed its output after its answer: the next query that gets it fails, or hangs');
  }
  return findings;
}

function tooManyRows({ answer, block, output }: BlockReport, { definition }: Context): string {
  const more = answer.rowCount - block.rowCount;
  const asked = `${answer.rowCount} for ${block.rowCount}`;
  if (more > block.rowCount + 1000) {
    return `printed more than ${rows(answer.rowCount)} for ${block.rowCount}, and goes on (${output.length} bytes): ClickHouse reads until memory is short`;
  }
  const what = more > 0 ? `wrote ${rows(more)} too many (${asked})` : 'wrote more than its answer';
  const isHeader = definition.sendChunkHeader && more === 1;
  const hint = isHeader ? '; the line with the number of rows (<send_chunk_header>) is no row' : '';
  const effect = definition.type === 'executable_pool' ? ': the next query takes what is left for its own answer' : '';
  return `${what}${effect}${hint}`;
}

function silence(report: BlockReport, context: Context): string {
  const { answer, block, output, outputAtEnd, isStdoutOpen } = report;
  const wait = waited(context, 'read');
  if (context.definition.stderrReaction === 'none' && report.stderrAtEnd.length >= pipeBytes) {
    return 'filled stderr, which ClickHouse does not read with <stderr_reaction>none</stderr_reaction>, and was stopped by the full pipe; log less, or choose log_last';
  }
  const answered =
    answer.rowCount === 0 ? 'answered nothing' : `answered ${answer.rowCount} of ${rows(block.rowCount)}`;
  const isSilent =
    answer.fault !== undefined && answer.rowCount === 0
      ? `${answer.fault}; then it was silent for ${wait}`
      : `${answered}, then was silent for ${wait}`;
  if (context.definition.type === 'executable') {
    if (answer.rowCount < block.rowCount || !isStdoutOpen) return isSilent;
    const holder =
      report.end === undefined ? 'did not end with its input' : 'left a process that keeps its output open';
    return `answered every row, but ${holder}: ClickHouse waits for the end of its output, and gives up after ${wait}`;
  }
  if (outputAtEnd.length > 0) {
    const kept =
      answer.rowCount === 0 && output.length === 0
        ? 'kept its answer until its input ended: flush after each chunk'
        : `${answered}, then waited for more input: flush after each chunk`;
    return context.definition.sendChunkHeader
      ? `${kept}, and read no more rows than the line before them says (<send_chunk_header>)`
      : kept;
  }
  if (answer.isCut === true && output.length > 0 && answer.rowCount === block.rowCount - 1) {
    return `${answered}, and the last without its end (a line end, in formats of lines): ClickHouse waits for it, and gives up after ${wait}`;
  }
  return isSilent;
}

/** How long the test waited, and ClickHouse would. */
function waited({ definition, mostWaitMs }: Context, what: 'read' | 'write'): string {
  const option = `<command_${what}_timeout>`;
  const limitMs = what === 'read' ? definition.commandReadTimeoutMs : definition.commandWriteTimeoutMs;
  if (limitMs <= mostWaitMs) return `${limitMs} ms (${option})`;
  return `${mostWaitMs} ms; ClickHouse would wait ${limitMs} ms (${option}), as the test does with --timeout ${Math.ceil(limitMs / 1000)}`;
}

/** How a process ended, in words. */
export function describeEnd({ exitCode, signal }: NonNullable<BlockReport['end']>): string {
  return exitCode === undefined ? `signal ${signal ?? '?'}` : `exit code ${exitCode}`;
}

/** Counts rows in words. */
export const rows = (count: number): string => (count === 1 ? '1 row' : `${count} rows`);
