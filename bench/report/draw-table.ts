import Table from 'cli-table3';

import type { Measurement, Target } from '../figure.ts';
import { spreadOf } from '../statistics.ts';
import { valueOf, verdictOf, type Outcome } from './outcome.ts';

const columnWidth = 78;

/** Draws the table: one row for each measurement, its parts and notes below it. */
export function drawTable(outcomes: readonly Outcome[]): string {
  const table = new Table({
    head: ['figure', 'value', 'quartiles', 'target', ''],
    colAligns: ['left', 'right', 'right', 'right', 'left'],
    colWidths: [columnWidth + 2],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const outcome of outcomes) table.push(drawRow(outcome));
  return table.toString();
}

function drawRow(outcome: Outcome): string[] {
  const verdict = verdictOf(outcome);
  if ('failed' in outcome) return [`${outcome.what}\n- ${outcome.failed}`, '', '', '', verdict];
  if ('skipped' in outcome) return [`${outcome.what}\n- ${outcome.skipped}`, '', '', '', verdict];
  const { lowerQuartile, upperQuartile } = spreadOf(outcome.samples);
  return [
    [outcome.what, ...describeParts(outcome), ...(outcome.notes ?? []).map((note) => `- ${note}`)].join('\n'),
    `${show(valueOf(outcome))} ${outcome.unit}`,
    outcome.samples.length > 1 ? `${show(lowerQuartile)} to ${show(upperQuartile)}` : '',
    describeTarget(outcome.target),
    verdict,
  ];
}

function describeParts({ parts = {} }: Measurement): string[] {
  return Object.entries(parts).map(([name, samples]) => {
    const { median, lowerQuartile, upperQuartile } = spreadOf(samples);
    return `- ${name}: ${show(median)} (${show(lowerQuartile)} to ${show(upperQuartile)})`;
  });
}

function describeTarget(target: Target | undefined): string {
  if (target === undefined) return '';
  return 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
}

/** Three digits that count, or all before the point. */
function show(value: number): string {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return value.toFixed(digits);
}
