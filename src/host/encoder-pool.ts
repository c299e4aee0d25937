import type { Logger } from 'pino';

import type { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { EncodeQueue, EncodeRun } from './encode-queue.ts';
import { Encoder, type EncoderSettings } from './encoder.ts';

export interface EncoderPoolOptions {
  /** Threads of all encoders together. */
  threads: number;
  /** A tower that is not used for so long is closed, and an encoder process without work ends; 0 keeps them. */
  idleTimeoutMs: number;
  settings: Pick<EncoderSettings, 'limits' | 'exactImages'>;
  queue: EncodeQueue;
  log: Logger;
}

/**
 * Many narrow encoders beat one wide one in bulk, by 8 to 17 % on two cores, but each costs some 60 MB: on machines with
 * more cores they are wider instead.
 */
const maxEncoders = 8;
/** Over so many threads a single row gains nothing that was seen. */
const maxWideThreads = 8;
/** While one run computes, the next one is with the process already. */
const runsInProcess = 2;
const watchIntervalMs = 5_000;

/**
 * The encoder processes: takes runs from the queue whenever a process has room. Processes start as work needs them. A
 * run that is alone is wide: it has all the threads, and nothing else begins meanwhile, so that there are never more
 * running threads than cores.
 */
export class EncoderPool {
  readonly #queue: EncodeQueue;
  readonly #encoders: Encoder[];
  readonly #watch: NodeJS.Timeout | undefined;
  #hasWideRun = false;

  constructor({ threads, idleTimeoutMs, settings, queue, log }: EncoderPoolOptions) {
    this.#queue = queue;
    const size = Math.min(threads, maxEncoders);
    this.#encoders = Array.from(
      { length: size },
      () =>
        new Encoder({
          settings: {
            ...settings,
            threads: Math.floor(threads / size),
            wideThreads: Math.min(threads, maxWideThreads),
            idleTimeoutMs,
          },
          onFree: () => this.#feed(),
          onStartFailed: (error) => this.#failWaiting(error),
          log,
        }),
    );
    queue.onWork(() => this.#feed());
    if (idleTimeoutMs > 0) {
      const interval = Math.min(watchIntervalMs, idleTimeoutMs);
      this.#watch = setInterval(
        () => this.#encoders.forEach((encoder) => encoder.stopIfIdle(idleTimeoutMs)),
        interval,
      ).unref();
    }
  }

  /** Starts an encoder process ahead of work that is about to come. */
  warmUp(): void {
    this.#encoders[0]?.start();
  }

  /** One entry for each encoder process that there can be. */
  get status(): Encoder['status'][] {
    return this.#encoders.map(({ status }) => status);
  }

  /** Runs that are with the processes. */
  get runs(): number {
    return this.#encoders.reduce((sum, { runs }) => sum + runs, 0);
  }

  close(): void {
    clearInterval(this.#watch);
    for (const encoder of this.#encoders) {
      encoder.close();
    }
  }

  #feed(): void {
    if (this.runs === 0) {
      this.#hasWideRun = false;
    }
    while (!this.#queue.isEmpty && !this.#hasWideRun) {
      const encoder = this.#findRoom();
      const run = encoder && this.#queue.take();
      if (encoder === undefined || run === undefined) {
        break;
      }
      this.#send(encoder, run);
    }
    if (!this.#queue.isEmpty && !this.#hasWideRun) {
      this.#startAnother();
    }
  }

  /** There is more work than the ready ones can hold. */
  #startAnother(): void {
    const isReady = this.#encoders.some(({ state }) => state === 'ready');
    const isStarting = this.#encoders.some(({ state }) => state === 'starting');
    if (!isStarting) {
      // While others work, one that could not start (too little memory, perhaps) is not tried for ever.
      this.#encoders.find(({ state, failedToStart }) => state === 'stopped' && !(failedToStart && isReady))?.start();
    }
  }

  #send(encoder: Encoder, run: EncodeRun): void {
    this.#hasWideRun = this.#encoders.length > 1 && this.#queue.isEmpty && this.runs === 0;
    encoder.send(run, { isWide: this.#hasWideRun });
  }

  /** The ready encoder with the fewest runs that has room: an urgent run may always be one more. */
  #findRoom(): Encoder | undefined {
    const room = this.#queue.hasInteractive ? runsInProcess + 1 : runsInProcess;
    return this.#encoders
      .filter(({ state, runs }) => state === 'ready' && runs < room)
      .toSorted((a, b) => a.runs - b.runs)[0];
  }

  /** Processes that end at each start must not be started for ever: what waits fails, unless others can do it. */
  #failWaiting(error: EmbedhouseError): void {
    if (this.#encoders.some(({ state }) => state === 'ready')) {
      return;
    }
    for (let run = this.#queue.take(); run !== undefined; run = this.#queue.take()) {
      run.reject(error);
    }
  }
}
