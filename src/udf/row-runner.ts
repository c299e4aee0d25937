import type { Batch } from '../formats/rows/batch.ts';
import type { FailedRows } from './failure.ts';

/** A function of one row's values. */
export type RowFunction = (...values: never[]) => unknown;

export interface RunnerOptions {
  /** Hands results on, in the order of the rows, and waits while the reader is behind. */
  answer: (results: readonly unknown[], failedAt: (index: number) => FailedRows) => Promise<void> | undefined;
  /** Reports the error, and ends the process. */
  fail: (error: unknown, failed: FailedRows) => never;
}

/** Runs a function over the rows of blocks. */
export interface Runner {
  /** Whether rows wait for their results. */
  readonly isBusy: boolean;
  /** Takes rows; the first one has the number `firstRow`. Waits while there are too many. */
  push(batch: Batch, firstRow: number): Promise<void> | undefined;
  /** Everything that has arrived was pushed. */
  pause(): Promise<void> | undefined;
  /** Waits until all rows are answered. */
  finish(): Promise<void>;
}

/** Results that wait behind a slow row are bounded too. */
const queuedRows = 4096;

/** Slow functions' answers are written that often: ClickHouse ends a query after ten seconds of silence. */
const answerMs = 250;
/** Looking at the clock takes as long as a trivial function. */
const rowsBetweenLooks = 8;
const slowRowMs = 0.1;

interface Row {
  batch: Batch;
  index: number;
  number: number;
  isDone: boolean;
  result: unknown;
}

/** Runs a function row by row: at once while it returns values, up to `concurrency` at a time while it returns promises. */
export class RowRunner implements Runner {
  readonly #run: RowFunction;
  readonly #concurrency: number;
  readonly #options: RunnerOptions;
  #queue: Row[] = [];
  #running = 0;
  #flushing: Promise<void> | undefined;
  #wake: () => void = () => {};

  constructor(run: RowFunction, concurrency: number, options: RunnerOptions) {
    this.#run = run;
    this.#concurrency = concurrency;
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#queue.length > 0;
  }

  push(batch: Batch, firstRow: number): Promise<void> | undefined {
    return this.#pushFrom(0, batch, firstRow, callerOf(this.#run, batch));
  }

  #pushFrom(from: number, batch: Batch, firstRow: number, call: (index: number) => unknown): Promise<void> | undefined {
    const { answer, fail } = this.#options;
    if (this.#queue.length > 0) return this.#pushSlowly(batch, from, firstRow, call);
    const results: unknown[] = [];
    const failedAt = (index: number): FailedRows => rowOf(batch, from + index, firstRow + from + index);
    const answerAndGoOn = async (next: number): Promise<void> => {
      await answer(results, failedAt);
      // Signals are heard meanwhile.
      await new Promise(setImmediate);
      await this.#pushFrom(next, batch, firstRow, call);
    };
    const startedAt = performance.now();
    let lookAt = from;
    for (let index = from; index < batch.rows; index++) {
      let result: unknown;
      try {
        result = call(index);
      } catch (error) {
        fail(error, rowOf(batch, index, firstRow + index));
      }
      if (isPromise(result)) {
        this.#enqueue(batch, index, firstRow + index, result);
        return answerAndGoOn(index + 1);
      }
      results.push(result);
      if (index < lookAt) continue;
      const elapsedMs = performance.now() - startedAt;
      if (elapsedMs > answerMs) return answerAndGoOn(index + 1);
      lookAt = index + (elapsedMs > slowRowMs * results.length ? 1 : rowsBetweenLooks);
    }
    return answer(results, failedAt);
  }

  pause(): undefined {}

  async finish(): Promise<void> {
    while (this.#queue.length > 0) await this.#change();
    await this.#flushing;
  }

  async #pushSlowly(batch: Batch, from: number, firstRow: number, call: (index: number) => unknown): Promise<void> {
    for (let index = from; index < batch.rows; index++) {
      while (this.#running >= this.#concurrency || this.#queue.length >= queuedRows) await this.#change();
      try {
        this.#enqueue(batch, index, firstRow + index, call(index));
      } catch (error) {
        this.#options.fail(error, rowOf(batch, index, firstRow + index));
      }
    }
  }

  #enqueue(batch: Batch, index: number, number: number, result: unknown): void {
    const row: Row = { batch, index, number, isDone: false, result: undefined };
    this.#queue.push(row);
    const finish = (value: unknown): void => {
      row.result = value;
      row.isDone = true;
      if (this.#queue[0] === row) this.#flushing ??= this.#flush();
      this.#wake();
    };
    if (!isPromise(result)) return finish(result);
    this.#running++;
    result.then(
      (value) => {
        this.#running--;
        finish(value);
      },
      (error: unknown) => this.#options.fail(error, rowOf(batch, index, number)),
    );
  }

  /** Answers the rows at the front that are done; those that end in the same moment together. */
  async #flush(): Promise<void> {
    await new Promise(setImmediate);
    while (this.#queue[0]?.isDone === true) {
      const open = this.#queue.findIndex(({ isDone }) => !isDone);
      const done = this.#queue.splice(0, open < 0 ? this.#queue.length : open);
      await this.#options.answer(
        done.map(({ result }) => result),
        (index) => {
          const row = done[index];
          return row === undefined ? { row: 0, rows: 1, values: [] } : rowOf(row.batch, row.index, row.number);
        },
      );
    }
    this.#flushing = undefined;
    this.#wake();
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

function rowOf({ columns }: Batch, index: number, number: number): FailedRows {
  return { row: number, rows: 1, values: columns.map((column) => column[index]) };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Makes a call of a row by its index. Spreading each row's values would cost more than a short function. */
function callerOf(run: RowFunction, { columns }: Batch): (index: number) => unknown {
  const call = run as (...values: unknown[]) => unknown; // What it takes is what the definition declares.
  const [first = [], second = [], third = []] = columns;
  switch (columns.length) {
    case 1:
      return (index) => call(first[index]);
    case 2:
      return (index) => call(first[index], second[index]);
    case 3:
      return (index) => call(first[index], second[index], third[index]);
    default:
      return (index) => call(...columns.map((column) => column[index]));
  }
}
