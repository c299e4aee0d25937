import type { WriteStream } from 'node:tty';

import type { SingleBar } from 'cli-progress';

import type { IngestImagesProgress } from '../ingest/images/ingest-images.ts';
import { createProgressBar } from './progress-bar.ts';

/** The rate shown is that of the last seconds. */
const rateWindowMs = 10_000;

/** Shows on a terminal how far images are embedded, with rate and time left; elsewhere nothing. */
export class IngestImagesBar implements Disposable {
  readonly #terminal: WriteStream;
  #step: IngestImagesProgress['step'] | undefined;
  #bar: SingleBar | undefined;
  /** What was done at which time, the oldest first. */
  #past: { atMs: number; done: number }[] = [];

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
    this.#bar?.update(done, { failed: failed === 0 ? '' : ` | ${failed} failed`, ...this.#rate(done, total) });
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

  #rate(done: number, total: number): { rate: string; left: string } {
    const atMs = performance.now();
    this.#past.push({ atMs, done });
    this.#past = this.#past.filter((each) => each.atMs > atMs - rateWindowMs);
    const first = this.#past[0] ?? { atMs, done };
    const perSecond = ((done - first.done) / (atMs - first.atMs)) * 1000;
    if (!(perSecond > 0) || !Number.isFinite(perSecond)) return { rate: '', left: '' };
    const seconds = Math.ceil((total - done) / perSecond);
    return {
      rate: ` | ${perSecond.toFixed(perSecond < 10 ? 1 : 0)} images/s`,
      left: seconds < 60 ? ` | ${seconds} s left` : ` | ${Math.ceil(seconds / 60)} min left`,
    };
  }
}
