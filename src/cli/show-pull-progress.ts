import type { WriteStream } from 'node:tty';

import type { SingleBar } from 'cli-progress';
import prettyBytes from 'pretty-bytes';

import type { PullEvent } from '../models/hub/gather-files.ts';
import { createProgressBar } from './progress-bar.ts';
import { RecentRate } from './recent-rate.ts';

/** Shows how far a pull is: on a terminal a bar with bytes, rate and time left, elsewhere a line for each file. */
export class PullProgress implements Disposable {
  readonly #output: WriteStream;
  #bar: SingleBar | undefined;
  readonly #rate = new RecentRate();

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
    this.#rate.add(doneBytes);
    const { perSecond } = this.#rate;
    this.#bar.update(doneBytes, {
      file: path,
      bytes: `${prettyBytes(doneBytes)} of ${prettyBytes(totalBytes)}`,
      rate: perSecond === undefined ? '' : ` | ${prettyBytes(perSecond)}/s`,
      left: this.#rate.timeLeft(totalBytes),
    });
  }

  #start(doneBytes: number, totalBytes: number): SingleBar {
    const bar = createProgressBar(this.#output, '{bar} {bytes}{rate}{left} | {file}');
    bar.start(totalBytes, doneBytes, { file: '', bytes: '', rate: '', left: '' });
    return bar;
  }
}
