import type { WriteStream } from 'node:tty';

import type { SingleBar } from 'cli-progress';
import prettyBytes from 'pretty-bytes';

import type { PullEvent } from '../models/hub/gather-files.ts';
import { createProgressBar } from './progress-bar.ts';

/** The rate shown is that of the last seconds. */
const rateWindowMs = 5000;

/** Shows how far a pull is: on a terminal a bar with bytes, rate and time left, elsewhere a line for each file. */
export class PullProgress implements Disposable {
  readonly #output: WriteStream;
  #bar: SingleBar | undefined;
  /** What was there at which time, the oldest first. */
  #past: { atMs: number; doneBytes: number }[] = [];

  constructor(output: WriteStream) {
    this.#output = output;
  }

  readonly update = (event: PullEvent): void => {
    if (this.#output.isTTY) {
      this.#draw(event);
    } else if (event.type === 'file') {
      const begin = event.startBytes === 0 ? '' : `, from ${prettyBytes(event.startBytes)} on`;
      this.#output.write(`${event.path} (${prettyBytes(event.sizeBytes)}${begin})\n`);
    } else if (event.type === 'retry') {
      this.#output.write(`${event.reason}; trying again\n`);
    }
  };

  [Symbol.dispose](): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #draw(event: PullEvent): void {
    if (event.type === 'retry') {
      this.#bar?.update({ file: `trying again: ${event.reason}`.slice(0, 60) });
      return;
    }
    if (event.type === 'file') {
      return;
    }
    const { path, doneBytes, totalBytes } = event;
    this.#bar ??= this.#start(doneBytes, totalBytes);
    this.#bar.update(doneBytes, {
      file: path,
      bytes: `${prettyBytes(doneBytes)} of ${prettyBytes(totalBytes)}`,
      ...this.#rate(doneBytes, totalBytes),
    });
  }

  #rate(doneBytes: number, totalBytes: number): { rate: string; left: string } {
    const atMs = performance.now();
    this.#past.push({ atMs, doneBytes });
    this.#past = this.#past.filter((each) => each.atMs > atMs - rateWindowMs);
    const first = this.#past[0] ?? { atMs, doneBytes };
    const bytesPerSecond = ((doneBytes - first.doneBytes) / (atMs - first.atMs)) * 1000;
    if (!(bytesPerSecond > 0) || !Number.isFinite(bytesPerSecond)) {
      return { rate: '', left: '' };
    }
    const seconds = Math.ceil((totalBytes - doneBytes) / bytesPerSecond);
    return {
      rate: ` | ${prettyBytes(bytesPerSecond)}/s`,
      left: seconds < 60 ? ` | ${seconds} s left` : ` | ${Math.ceil(seconds / 60)} min left`,
    };
  }

  #start(doneBytes: number, totalBytes: number): SingleBar {
    const bar = createProgressBar(this.#output, '{bar} {bytes}{rate}{left} | {file}');
    bar.start(totalBytes, doneBytes, { file: '', bytes: '', rate: '', left: '' });
    return bar;
  }
}
