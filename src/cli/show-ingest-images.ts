import type { WriteStream } from 'node:tty';

import type { SingleBar } from 'cli-progress';

import type { IngestImagesProgress } from '../ingest/images/ingest-images.ts';
import { createProgressBar } from './progress-bar.ts';
import { RecentRate } from './recent-rate.ts';

/** Shows on a terminal how far images are embedded, with rate and time left; elsewhere nothing. */
export class IngestImagesBar implements Disposable {
  readonly #terminal: WriteStream;
  #step: IngestImagesProgress['step'] | undefined;
  #bar: SingleBar | undefined;
  readonly #rate = new RecentRate();

  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
  }

  readonly update = (progress: IngestImagesProgress): void => {
    if (!this.#terminal.isTTY) return;
    if (progress.step !== this.#step) this.#start(progress);
    if (progress.step === 'looking') {
      this.#bar?.update(progress.found);
      return;
    }
    const { done, total, failed } = progress;
    this.#rate.add(done);
    const { perSecond } = this.#rate;
    this.#bar?.update(done, {
      failed: failed === 0 ? '' : ` | ${failed} failed`,
      rate: perSecond === undefined ? '' : ` | ${perSecond.toFixed(perSecond < 10 ? 1 : 0)} images/s`,
      left: this.#rate.timeLeft(total),
    });
  };

  [Symbol.dispose](): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #start(progress: IngestImagesProgress): void {
    this.#bar?.stop();
    this.#step = progress.step;
    if (progress.step === 'looking') {
      this.#bar = createProgressBar(this.#terminal, 'looking: {value} images found');
      this.#bar.start(0, 0);
      return;
    }
    this.#bar = createProgressBar(
      this.#terminal,
      '{bar} {percentage}% | {value} of {total} images{rate}{left}{failed}',
    );
    this.#bar.start(progress.total, progress.done, { rate: '', left: '', failed: '' });
  }
}
