import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { describeValue } from '../formats/types/value-error.ts';

const shownArguments = 200;

/** A row, or several, at which a function failed. */
export interface FailedRows {
  /** Counted from 1, in the block where its beginning is known. */
  row: number;
  rows: number;
  /** The row's arguments. */
  values: readonly unknown[];
}

/** Says in one sentence why a function failed. */
export function describeFailure(functionName: string, error: unknown, failed: FailedRows | undefined): string {
  if (failed === undefined) {
    const message = error instanceof EmbedhouseError ? error.message : describeError(error);
    return `function '${functionName}' failed: ${message}`;
  }
  const { row, rows, values } = failed;
  const where = rows === 1 ? `row ${row}` : `rows ${row} to ${row + rows - 1}`;
  const shown = values.map(describeValue).join(', ');
  const passed = shown.length > shownArguments ? `${shown.slice(0, shownArguments)}…` : shown;
  return `function '${functionName}' failed at ${where}${rows === 1 ? ` (${passed})` : ''}: ${describeError(error)}`;
}

/** The error and the line of the script that threw it. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return describeValue(error);
  const { message, name, stack = '' } = error;
  const oneLine = message.replaceAll(/\s*\n\s*/g, ' ');
  const line = stack.split('\n').find((frame) => /^\s+at .*:\d+:\d+\)?$/.test(frame) && isOfScript(frame));
  const place = /(?<place>[^/\\(]+:\d+):\d+\)?$/.exec(line ?? '')?.groups?.['place'];
  const kind = name === 'ValueError' || name === 'EmbedhouseError' ? '' : `${name}: `;
  return `${kind}${oneLine}${place === undefined || kind === '' ? '' : ` (${place})`}`;
}

function isOfScript(frame: string): boolean {
  return !frame.includes('node:') && !frame.includes('/node_modules/') && !frame.includes(kitPath);
}

const kitPath = new URL('.', import.meta.url).href;
