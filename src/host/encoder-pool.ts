import type { Logger } from 'pino';

import type { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { EncodeQueue, EncodeRun, QueuedTower } from './encode-queue.ts';
import { Encoder, type EncoderSettings } from './encoder.ts';
import { bytesOfOneMore, chooseUnused, sumBytes, type ResidentTower } from './model-memory.ts';

export interface EncoderPoolOptions {
  /** Threads of all encoders together. */
  threads: number;
  /** A tower that is not used for so long is closed, and an encoder process without work ends; 0 keeps them. */
  idleTimeoutMs: number;
  /** Models' weights in memory take no more; the least recently used towers are let go. */
  maxModelBytes: number;
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
/** Where not all models with bulk work fit into memory, those that are there work for so long before one has to go. */
const residencyMs = 1_000;

/**
 * The encoder processes: takes runs from the queue whenever a process has room. Processes start as work needs them. A
 * run that is alone is wide: it has all the threads, and nothing else begins meanwhile, so that there are never more
 * running threads than cores. Weights take no more memory than they may: a run whose tower does not fit waits until others
 * are let go.
 */
export class EncoderPool {
  readonly #queue: EncodeQueue;
  readonly #encoders: Encoder[];
  readonly #watch: NodeJS.Timeout | undefined;
  readonly #maxModelBytes: number;
  #hasWideRun = false;
  #madeRoomAt = 0;

  constructor({ threads, idleTimeoutMs, maxModelBytes, settings, queue, log }: EncoderPoolOptions) {
    this.#queue = queue;
    this.#maxModelBytes = maxModelBytes;
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

  /** The memory of models' weights. */
  get memory(): { limitBytes: number; usedBytes: number; loads: number; unloads: number } {
    const counts = this.#encoders.map(({ loads }) => loads);
    return {
      limitBytes: this.#maxModelBytes,
      usedBytes: sumBytes(this.#resident()),
      loads: counts.reduce((sum, { loads }) => sum + loads, 0),
      unloads: counts.reduce((sum, { unloads }) => sum + unloads, 0),
    };
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
    while (!this.#hasWideRun) {
      const isPreferred = this.#preference();
      const tower = this.#queue.peek(isPreferred);
      const encoders = tower === undefined ? [] : this.#findRoom(tower);
      const run = encoders.length > 0 ? this.#queue.take(isPreferred) : undefined;
      if (run === undefined) {
        break;
      }
      this.#send(run, encoders);
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

  /** Sends a run to the first of the encoders that have room and memory for it. */
  #send(run: EncodeRun, encoders: readonly Encoder[]): void {
    const isAlone = this.#encoders.length > 1 && this.#queue.isEmpty && this.runs === 0;
    const able = (isWide: boolean): Encoder | undefined =>
      encoders.find((encoder) => this.#hasMemory(encoder, run.tower, isWide));
    const wide = isAlone ? able(true) : undefined;
    const narrow = wide ? undefined : able(false);
    this.#hasWideRun = narrow === undefined;
    (wide ?? narrow ?? able(true))?.send(run, { isWide: this.#hasWideRun });
  }

  /** Lets go of what has been unused for longest; the next try comes when it is gone, or when a run has ended. */
  #makeRoom(bytes: number): void {
    const missing = bytes - this.#freeBytes;
    for (const key of chooseUnused(this.#resident(), missing) ?? []) {
      this.#madeRoomAt = Date.now();
      this.#encoders
        .filter(({ resident }) => resident.some((tower) => tower.key === key))
        .forEach((encoder) => encoder.unload([key]));
    }
  }

  /** Bulk work whose tower is in memory, or for which there is room, goes before what has just made another go. */
  #preference(): (tower: QueuedTower) => boolean {
    const mayMakeRoom = Date.now() - this.#madeRoomAt > residencyMs;
    const keys = new Set(this.#resident().map(({ key }) => key));
    const free = this.#freeBytes;
    return ({ key, bytes }) => mayMakeRoom || keys.has(key) || bytes <= free;
  }

  #hasMemory(encoder: Encoder, tower: QueuedTower, isWide: boolean): boolean {
    const needed = encoder.holds(tower, isWide) ? 0 : bytesOfOneMore(this.#resident(), tower);
    return needed <= this.#freeBytes;
  }

  get #freeBytes(): number {
    return this.#maxModelBytes - sumBytes(this.#resident());
  }

  #resident(): ResidentTower[] {
    return this.#encoders.flatMap(({ resident }) => resident);
  }

  /**
   * The ready encoders that could take a run of the tower, those with the fewest runs first: an urgent run may always be one
   * more. Where there is memory in none, room is being made, or will be when others are done.
   */
  #findRoom(tower: QueuedTower): Encoder[] {
    const room = this.#queue.hasInteractive ? runsInProcess + 1 : runsInProcess;
    const free = this.#encoders
      .filter(({ state, runs }) => state === 'ready' && runs < room)
      .toSorted((a, b) => a.runs - b.runs);
    const able = free.filter((encoder) => this.#hasMemory(encoder, tower, false));
    if (able.length > 0 || free.length === 0) {
      return able;
    }
    // A run that was alone has loaded it for all threads: it serves one run at a time, and need not be loaded anew.
    const wide = free.filter((encoder) => encoder.holds(tower, true));
    if (wide.length === 0) {
      this.#makeRoom(tower.bytes);
    }
    return this.runs === 0 ? wide : [];
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
