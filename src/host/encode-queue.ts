import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { EncodedRun, EncoderInput, ImageSource, ModelReference, TowerReference } from './encoder-messages.ts';
import { RunPlan, type RunLimits } from './run-plan.ts';

/** One tower of one model in one dtype: what a run can hold together. */
export interface QueuedTower extends TowerReference {
  model: ModelReference;
  limits: RunLimits;
}

/** A text's token ids or an image, to be encoded once for all who ask for `key` meanwhile. */
export interface QueuedValue {
  /** Names tower, kind and content. */
  key: string;
  input: { tower: 'text'; ids: readonly number[] } | { tower: 'image'; image: ImageSource };
}

export interface EncodeOptions {
  /** Whoever the values are for; the owners of bulk work are served by turns. */
  owner: object;
  /** A short request goes ahead of all bulk work. */
  isInteractive: boolean;
  /** When it aborts, values that nobody else waits for are dropped before they cost anything. */
  signal: AbortSignal;
}

/** A run that an encoder has to answer by `resolve` or `reject`. */
export interface EncodeRun {
  tower: QueuedTower;
  input: EncoderInput;
  isInteractive: boolean;
  resolve: (run: EncodedRun) => void;
  reject: (error: unknown) => void;
}

/** A vector of shape [dimensions], shared by all who asked and not to be changed; or why this value has none. */
export type EncodeOutcome = Float32Array | EmbedhouseError;

interface Waiter {
  resolve: (outcome: EncodeOutcome) => void;
  reject: (error: unknown) => void;
}

interface Task {
  tower: QueuedTower;
  value: QueuedValue;
  /** Tokens of a text; 1 for an image. */
  length: number;
  isQueued: boolean;
  waiters: Set<Waiter>;
}

/** No run takes more rows than this of one window. */
const maxRowsOfOne = 256;

/**
 * All values that wait for an encoder, from all connections. Whoever asks for a value that waits or runs already shares
 * it. Runs are cut when an encoder is free: interactive values first, then those of each owner in turn, from its
 * shortest to its longest; room that is left is filled with what others have waiting. It is bounded by its callers: each
 * connection encodes at most two windows of rows at once.
 */
export class EncodeQueue {
  readonly #tasks = new Map<string, Task>();
  /** In the lists below a task that no longer waits is skipped: one may wait in several, and is not searched for. */
  #interactive: Task[] = [];
  readonly #bulk = new Map<object, Task[][]>();
  #waiting = 0;
  #onWork: () => void = () => {};

  /** Calls `listener` whenever values have been added. */
  onWork(listener: () => void): void {
    this.#onWork = listener;
  }

  /** Values that wait. */
  get depth(): { interactive: number; bulk: number } {
    const interactive = this.#interactive.filter(({ isQueued }) => isQueued).length;
    return { interactive, bulk: this.#waiting - interactive };
  }

  get isEmpty(): boolean {
    return this.#waiting === 0;
  }

  get hasInteractive(): boolean {
    return this.#interactive.some(({ isQueued }) => isQueued);
  }

  /** Queues values and answers a promise of each one's outcome; it rejects if its run fails, or the signal aborts. */
  encode(
    tower: QueuedTower,
    values: readonly QueuedValue[],
    { owner, isInteractive, signal }: EncodeOptions,
  ): Promise<EncodeOutcome>[] {
    if (signal.aborted) {
      // oxlint-disable-next-line promise/no-promise-in-callback -- each value has its own promise, to be awaited by the caller
      return values.map(async () => Promise.reject(signal.reason));
    }
    const shared: { task: Task; waiter: Waiter }[] = [];
    const outcomes = values.map(
      async (value) =>
        new Promise<EncodeOutcome>((resolve, reject) => {
          const task = this.#taskOf(tower, value);
          const waiter = { resolve, reject };
          task.waiters.add(waiter);
          shared.push({ task, waiter });
        }),
    );
    const queued = shared.map(({ task }) => task).filter(({ isQueued }) => isQueued);
    // Sorting is stable: equal lengths keep the order of the rows.
    queued.sort((a, b) => a.length - b.length);
    if (isInteractive) {
      this.#interactive.push(...queued);
    } else if (queued.length > 0) {
      this.#bulk.set(owner, [...(this.#bulk.get(owner) ?? []), queued]);
    }
    const leave = (): void => shared.forEach(({ task, waiter }) => this.#leave(task, waiter, signal.reason));
    signal.addEventListener('abort', leave, { once: true });
    void Promise.allSettled(outcomes).then(() => signal.removeEventListener('abort', leave));
    this.#onWork();
    return outcomes;
  }

  /** Gives the tower of the run that would be taken next. */
  peek(preferred: (tower: QueuedTower) => boolean): QueuedTower | undefined {
    const interactive = this.#interactive.find(({ isQueued }) => isQueued);
    if (interactive !== undefined) {
      return interactive.tower;
    }
    this.#dropFinished();
    return this.#turn(preferred)?.[1][0]?.[0]?.tower;
  }

  /**
   * Takes the next run, if any value waits. Of bulk work, that for a tower which is `preferred` comes first, whose turn it
   * may be.
   */
  take(preferred: (tower: QueuedTower) => boolean = () => true): EncodeRun | undefined {
    this.#interactive = this.#interactive.filter(({ isQueued }) => isQueued);
    const isInteractive = this.#interactive.length > 0;
    const plan = new RunPlan<Task>();
    if (isInteractive) {
      plan.fill(this.#interactive);
    } else {
      this.#planBulk(plan, preferred);
    }
    const tasks = plan.members;
    const [first] = tasks;
    if (first === undefined) {
      return undefined;
    }
    for (const task of tasks) {
      task.isQueued = false;
    }
    this.#waiting -= tasks.length;
    return {
      tower: first.tower,
      input: inputOf(tasks),
      isInteractive,
      resolve: (run) => this.#resolve(tasks, run),
      reject: (error) => tasks.forEach((task) => this.#settle(task, ({ reject }) => reject(error))),
    };
  }

  /**
   * The owner whose turn it is gives the first value. Those of others that are as long come in between, so that rows of
   * several small requests are padded as little as those of a large one; if room is left, shorter ones fill it.
   */
  #planBulk(plan: RunPlan<Task>, preferred: (tower: QueuedTower) => boolean): void {
    this.#dropFinished();
    const turn = this.#turn(preferred);
    if (turn === undefined) {
      return;
    }
    const [owner, windows] = turn;
    this.#bulk.delete(owner);
    this.#bulk.set(owner, windows);
    const others = [...this.#bulk].filter(([other]) => other !== owner);
    const [mine = [], ...next] = windows;
    const [first] = mine;
    const shortest = first?.length ?? 0;
    const theirs = others.map(([, [window = []]]) => window.filter(({ tower }) => tower.key === first?.tower.key));
    const asLong = theirs.flatMap((window) => window.filter(({ length }) => length >= shortest).slice(0, maxRowsOfOne));
    plan.fill([...mine.slice(0, maxRowsOfOne), ...asLong].toSorted((a, b) => a.length - b.length));
    for (const window of [...theirs.map((rows) => rows.filter(({ length }) => length < shortest)), ...next]) {
      if (!plan.isFull) {
        plan.fill(window);
      }
    }
  }

  /** The first owner of bulk work whose first value is for a preferred tower; else the first owner. */
  #turn(preferred: (tower: QueuedTower) => boolean): [object, Task[][]] | undefined {
    const owners = [...this.#bulk];
    return owners.find(([, [window]]) => window?.[0] !== undefined && preferred(window[0].tower)) ?? owners[0];
  }

  #dropFinished(): void {
    for (const [owner, windows] of this.#bulk) {
      const rest = windows
        .map((window) => window.filter(({ isQueued }) => isQueued))
        .filter(({ length }) => length > 0);
      if (rest.length === 0) {
        this.#bulk.delete(owner);
      } else {
        this.#bulk.set(owner, rest);
      }
    }
  }

  #taskOf(tower: QueuedTower, value: QueuedValue): Task {
    const known = this.#tasks.get(value.key);
    if (known !== undefined) {
      return known;
    }
    const length = value.input.tower === 'text' ? value.input.ids.length : 1;
    const task = { tower, value, length, isQueued: true, waiters: new Set<Waiter>() };
    this.#tasks.set(value.key, task);
    this.#waiting++;
    return task;
  }

  #leave(task: Task, waiter: Waiter, reason: unknown): void {
    if (!task.waiters.delete(waiter)) {
      return;
    }
    waiter.reject(reason);
    if (task.isQueued && task.waiters.size === 0) {
      task.isQueued = false;
      this.#waiting--;
      this.#tasks.delete(task.value.key);
    }
    if (this.#waiting === 0) {
      this.#interactive = [];
      this.#bulk.clear();
    }
  }

  #resolve(tasks: readonly Task[], { dimensions, vectors, failures }: EncodedRun): void {
    const failed = new Map(failures.map((failure) => [failure.index, failure]));
    for (const [index, task] of tasks.entries()) {
      const failure = failed.get(index);
      const outcome = failure
        ? new EmbedhouseError(failure.code, failure.message)
        : // A copy: the run's memory is not kept for the sake of one cached vector.
          vectors.slice(index * dimensions, (index + 1) * dimensions);
      this.#settle(task, ({ resolve }) => resolve(outcome));
    }
  }

  #settle(task: Task, tell: (waiter: Waiter) => void): void {
    this.#tasks.delete(task.value.key);
    task.waiters.forEach(tell);
    task.waiters.clear();
  }
}

function inputOf(tasks: readonly Task[]): EncoderInput {
  const inputs = tasks.map(({ value }) => value.input);
  // A run is of one tower, so that one of these holds all of them.
  const ids = inputs.flatMap((input) => (input.tower === 'text' ? [input.ids] : []));
  const images = inputs.flatMap((input) => (input.tower === 'image' ? [input.image] : []));
  return ids.length > 0 ? { tower: 'text', ids } : { tower: 'image', images };
}
