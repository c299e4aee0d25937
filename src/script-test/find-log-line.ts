import type { AnswerReader } from './script-report.ts';

const mostLogLines = 20;

/**
 * Finds the first line of an answer that is none, if the answer can be read without lines of that kind: a log on stdout.
 * `undefined` for an answer that is wrong in another way, or is not in lines.
 */
export async function findLogLine(answer: Uint8Array, read: AnswerReader): Promise<string | undefined> {
  const lines = Buffer.from(answer)
    .toString('latin1')
    .split(/(?<=\n)/);
  let found: string | undefined;
  for (let removed = 0; removed < mostLogLines; removed++) {
    const { rowCount, fault, isCut = false } = await read(Buffer.from(lines.join(''), 'latin1'), true);
    if (fault === undefined || isCut) return rowCount > 0 ? found : undefined;
    const [line] = lines.splice(rowCount, 1);
    if (line === undefined) return undefined;
    found ??= Buffer.from(line, 'latin1').toString().trimEnd();
  }
  return undefined;
}
