import type { WriteStream } from 'node:tty';

import type { SingleBar } from 'cli-progress';
import prettyBytes from 'pretty-bytes';

import type { CheckedPart, LeftOutPart } from '../ingest/laion/laion-part.ts';
import type { LaionReport, LaionTotals } from '../ingest/laion/laion-report.ts';
import { createProgressBar } from './progress-bar.ts';
import { RecentRate } from './recent-rate.ts';

/** Fewer parts are checked before anyone wonders. */
const manyParts = 20;

const count = (number: number): string => Math.round(number).toLocaleString('en');

/** Shows how far a load is: on a terminal a bar over all rows with the part at work, and everywhere a line for each part. */
export class LaionProgress implements LaionReport, Disposable {
  readonly #output: WriteStream;
  #bar: SingleBar | undefined;
  #totals: LaionTotals = { parts: 0, rows: 0, bytes: 0 };
  #part: CheckedPart | undefined;
  readonly #rate = new RecentRate();
  #partsBefore = 0;
  /** Of the parts before the one at work. */
  #rowsBefore = 0;

  constructor(output: WriteStream) {
    this.#output = output;
  }

  checking(done: number, total: number): void {
    if (!this.#output.isTTY || total < manyParts) return;
    this.#bar ??= this.#start('checking files {bar} {value} of {total} parts', total);
    this.#bar.update(done);
    if (done === total) this.#stop();
  }

  leftOut({ number, reason }: LeftOutPart): void {
    this.#leave();
    this.#say(`part ${number} is left out: ${reason}`);
  }

  wasLoaded({ number, rows: wanted }: CheckedPart, rows: number): void {
    const difference =
      rows === wanted
        ? ''
        : rows < wanted
          ? `, of which ${count(wanted - rows)} were deleted since`
          : `, and the table has ${count(rows - wanted)} more with its ids`;
    this.#say(`part ${number} was loaded before: ${count(wanted)} rows${difference}`);
  }

  begin(totals: LaionTotals): void {
    this.#totals = totals;
  }

  beginPart(part: CheckedPart): void {
    this.#part = part;
    this.rows(0);
  }

  rows(done: number): void {
    const part = this.#part;
    if (!this.#output.isTTY || part === undefined) return;
    this.#bar ??= this.#start('part {part} {percent}% | {bar} {rows}{rate}', this.#totals.rows);
    const rows = this.#rowsBefore + done;
    this.#bar.update(rows, {
      part: `${part.number} (${this.#partsBefore + 1} of ${this.#totals.parts})`,
      percent: Math.floor((100 * done) / part.rows),
      rows: `${count(rows)} of ${count(this.#totals.rows)} rows`,
      rate: this.#describeRate(rows),
    });
  }

  loaded(part: CheckedPart, seconds: number): void {
    this.#leave();
    const perSecond = `${count(part.rows / seconds)} rows/s, ${prettyBytes(part.bytes / seconds)}/s`;
    this.#say(`part ${part.number}: ${count(part.rows)} rows in ${seconds.toFixed(1)} s (${perSecond})`);
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #leave(): void {
    if (this.#part === undefined) return;
    this.#partsBefore += 1;
    this.#rowsBefore += this.#part.rows;
    this.#part = undefined;
  }

  #describeRate(rows: number): string {
    this.#rate.add(rows);
    const { perSecond } = this.#rate;
    if (perSecond === undefined) return '';
    // All parts have rows of one length.
    const bytes = (this.#totals.bytes / this.#totals.rows) * perSecond;
    return ` | ${count(perSecond)} rows/s | ${prettyBytes(bytes)}/s${this.#rate.timeLeft(this.#totals.rows)}`;
  }

  #say(line: string): void {
    this.#stop();
    this.#output.write(`${line}\n`);
  }

  #start(format: string, total: number): SingleBar {
    const bar = createProgressBar(this.#output, format);
    bar.start(total, 0, { part: '', percent: 0, rows: '', rate: '' });
    return bar;
  }

  #stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
