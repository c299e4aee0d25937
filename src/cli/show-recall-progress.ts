import type { WriteStream } from 'node:tty';

import type { SingleBar } from 'cli-progress';

import type { RecallProgress } from '../vector-index/recall/recall-report.ts';
import { createProgressBar } from './progress-bar.ts';

/** Shows on a terminal what is being measured, and the time left; elsewhere nothing. */
export class RecallProgressBar implements Disposable {
  readonly #output: WriteStream;
  #bar: SingleBar | undefined;

  constructor(output: WriteStream) {
    this.#output = output;
  }

  readonly update = ({ step, done, total, secondsLeft }: RecallProgress): void => {
    if (!this.#output.isTTY) {
      return;
    }
    if (this.#bar === undefined) {
      this.#bar = createProgressBar(this.#output, '{bar} {value} of {total} searches{left} | {step}');
      this.#bar.start(total, done, { step, left: '' });
    }
    this.#bar.setTotal(total);
    this.#bar.update(done, { step, left: describeLeft(secondsLeft) });
  };

  [Symbol.dispose](): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

function describeLeft(seconds: number | undefined): string {
  if (seconds === undefined) {
    return '';
  }
  return seconds < 60 ? ` | ${Math.ceil(seconds)} s left` : ` | ${Math.ceil(seconds / 60)} min left`;
}
