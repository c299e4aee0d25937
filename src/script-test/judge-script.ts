import type { FunctionDefinition } from '../functions/function-definition.ts';
import { judgeBlock, type Finding } from './judge-block.ts';
import type { ScriptReport } from './script-report.ts';

export interface JudgeOptions {
  definition: FunctionDefinition;
  /** The most that the test waits; the definition's timeouts may be longer. */
  mostWaitMs: number;
}

/**
 * Says in words what ClickHouse would make of what a script did. It would be content when no finding is an `error`.
 */
export function judgeScript(report: ScriptReport, options: JudgeOptions): Finding[] {
  const all = report.blocks.flatMap((block, index) => judgeBlock(block, { ...options, index }));
  const findings = all.filter(({ message }, index) => all.findIndex((other) => other.message === message) === index);
  if (findings.some(({ severity }) => severity === 'error'))
    return [...findings, ...judgeEnds(report, options, 'note')];
  return [...findings, ...judgeEnds(report, options, 'error'), ...judgeRepeats(report, options)];
}

/** What is wrong with how the script ended; with `note` something else was wrong before. */
function judgeEnds(
  { ends, blocks }: ScriptReport,
  { definition, mostWaitMs }: JudgeOptions,
  severity: Finding['severity'],
): Finding[] {
  const last = ends.at(-1);
  if (last === undefined) return [];
  const limitS = definition.commandTerminationTimeoutS;
  const waitedS = Math.min(limitS, mostWaitMs / 1000);
  const findings: Finding[] = [];
  const report = (message: string): void => void findings.push({ severity, message });
  if (last.end === undefined && !blocks.at(-1)?.isStdoutOpen && definition.type === 'executable') {
    report(
      'closed its output and did not end: ClickHouse waits for its end without a limit, so that the query hangs; end with the output',
    );
  } else if (last.end === undefined) {
    const sigterm = last.heedsSigterm
      ? 'ClickHouse then ends it with SIGTERM'
      : 'it ignores the SIGTERM that ClickHouse then sends, and stays for ever';
    report(
      `did not exit within ${waitedS} s after EOF (<command_termination_timeout> is ${limitS} s): ${sigterm}; end when stdin does`,
    );
  }
  if (last.leavesProcess) {
    report('left a process running when it had ended; ClickHouse does not know of it, and nobody ends it');
  }
  return findings;
}

/** A pool's process answers each block, whatever came before. */
function judgeRepeats({ blocks }: ScriptReport, { definition }: JudgeOptions): Finding[] {
  const [first, ...others] = blocks;
  if (first === undefined || definition.type !== 'executable_pool') return [];
  const differing = others.findIndex(
    ({ block, output }) =>
      Buffer.compare(block.bytes, first.block.bytes) === 0 && Buffer.compare(output, first.output) !== 0,
  );
  if (differing === -1) return [];
  const message = `answered block ${differing + 2} differently from block 1, which has the same rows: something of an earlier block may be left`;
  return [{ severity: 'note', message }];
}
