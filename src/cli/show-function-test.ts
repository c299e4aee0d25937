import prettyBytes from 'pretty-bytes';

import type { FunctionDefinition } from '../functions/function-definition.ts';
import { describeEnd, rows } from '../script-test/judge-block.ts';
import type { BlockReport, EndReport } from '../script-test/script-report.ts';
import { shorten } from './shorten.ts';
import type { FunctionTest } from './test-function.ts';

const shownLines = 5;
const shownCharacters = 100;
/** As many bytes of a binary block are shown. */
const shownBytes = 32;

/** Tells for the terminal what went into a script, what came out, and what ClickHouse would make of it. */
export function describeFunctionTest(
  definition: FunctionDefinition,
  { command, report, findings }: FunctionTest,
): string {
  const lines = [
    `${definition.name}: ${definition.type}, ${definition.format}${definition.sendChunkHeader ? ' with chunk header' : ''}`,
    `runs ${[command.file, ...command.args].join(' ')}`,
    ...report.blocks.flatMap((block, index) => describeBlock(block, index, report.blocks[index - 1])),
    ...describeLastEnd(report.ends.at(-1)),
    '',
    ...findings.map(({ severity, message, block }) => {
      const where = block === undefined || report.blocks.length === 1 ? '' : `block ${block}: `;
      return `${severity === 'error' ? 'error' : 'note'}: ${where}${message}`;
    }),
  ];
  if (!findings.some(({ severity }) => severity === 'error')) lines.push('ClickHouse would be content.');
  return lines.join('\n');
}

function describeBlock(report: BlockReport, index: number, before: BlockReport | undefined): string[] {
  const { block, output, answer, firstByteMs, lastByteMs } = report;
  const isRepeat = before !== undefined && Buffer.compare(before.block.bytes, block.bytes) === 0;
  const isSame = isRepeat && before !== undefined && Buffer.compare(before.output, output) === 0;
  const process = report.isFirstOfProcess ? ', with its start' : '';
  const times =
    firstByteMs === undefined || lastByteMs === undefined
      ? ''
      : `: first byte after ${ms(firstByteMs)}${process}, ${ms(lastByteMs / Math.max(1, answer.rowCount))} a row`;
  return [
    '',
    `block ${index + 1}: ${rows(block.rowCount)}, ${prettyBytes(block.bytes.length)}${isRepeat ? ' as before' : ''}`,
    ...(isRepeat ? [] : showBytes(block.bytes)),
    `answer: ${rows(answer.rowCount)}, ${prettyBytes(output.length)}${isSame ? ' as before' : ''}${times}`,
    ...(isSame ? [] : showAnswer(report)),
    ...showStderr(report.stderr + report.lateStderr + report.stderrAtEnd),
  ];
}

function showAnswer({ output, answer }: BlockReport): string[] {
  if (isText(output)) return showBytes(output);
  return [...answer.rows.slice(0, shownLines).map(indent), ...showBytes(output)];
}

function showStderr(stderr: string): string[] {
  if (stderr === '') return [];
  const lines = stderr.trimEnd().split('\n');
  const left = lines.length > shownLines ? [`  (${lines.length - shownLines} lines before)`] : [];
  return ['stderr:', ...left, ...lines.slice(-shownLines).map(indent)];
}

function describeLastEnd(last: EndReport | undefined): string[] {
  if (last === undefined) return [];
  if (last.end === undefined || last.endMs === undefined) return ['', 'end: none by itself'];
  return ['', `end: ${describeEnd(last.end)}, ${ms(last.endMs)} after EOF`];
}

function showBytes(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return [];
  if (!isText(bytes)) {
    const more = bytes.length > shownBytes ? ' …' : '';
    return [
      indent(
        `${Buffer.from(bytes.subarray(0, shownBytes))
          .toString('hex')
          .replaceAll(/(..)(?=.)/g, '$1 ')}${more}`,
      ),
    ];
  }
  const lines = Buffer.from(bytes).toString().split('\n');
  const isOpen = lines.at(-1) !== '';
  if (!isOpen) lines.pop();
  const shown = lines.slice(0, shownLines).map(indent);
  if (lines.length > shownLines) return [...shown, `  (${lines.length - shownLines} more lines)`];
  return isOpen ? [...shown, '  (no line end)'] : shown;
}

/** Whether bytes are shown as lines: UTF-8 without control characters but tabs and line ends. */
function isText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, 1 << 20), { stream: true });
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    return !/[\u0000-\u0008\u000b-\u001f]/.test(text.replaceAll('\r\n', '\n'));
  } catch {
    return false;
  }
}

const indent = (line: string): string => `  ${shorten(line, shownCharacters)}`;

/** A duration with as many digits as mean something. */
const ms = (value: number): string => `${value < 10 ? value.toPrecision(2) : Math.round(value)} ms`;

/** What `--json` prints: bytes as text where they are UTF-8 text, else in hexadecimal. */
export function toJson(definition: FunctionDefinition, { command, report, findings }: FunctionTest): object {
  return {
    function: definition.name,
    type: definition.type,
    format: definition.format,
    command: [command.file, ...command.args],
    isContent: !findings.some(({ severity }) => severity === 'error'),
    findings,
    blocks: report.blocks.map((each) => ({
      outcome: each.outcome,
      rows: each.block.rowCount,
      answeredRows: each.answer.rowCount,
      answers: each.answer.rows,
      input: bytesToJson(each.block.bytes),
      output: bytesToJson(each.output),
      lateOutput: bytesToJson(each.lateOutput),
      outputAtEnd: bytesToJson(each.outputAtEnd),
      stderr: each.stderr + each.lateStderr + each.stderrAtEnd,
      firstByteMs: each.firstByteMs ?? null,
      lastByteMs: each.lastByteMs ?? null,
      startsProcess: each.isFirstOfProcess,
    })),
    ends: report.ends.map(({ end, endMs, leavesProcess }) => ({
      exitCode: end?.exitCode ?? null,
      signal: end?.signal ?? null,
      endMs: endMs ?? null,
      leavesProcess,
    })),
  };
}

function bytesToJson(bytes: Uint8Array): { bytes: number; text?: string; hex?: string } {
  const head = bytes.subarray(0, 1 << 16);
  const content = isText(head) ? { text: Buffer.from(head).toString() } : { hex: Buffer.from(head).toString('hex') };
  return { bytes: bytes.length, ...(bytes.length > 0 && content) };
}
