import type { EncodedRun, EncoderInput, ModelReference } from './encoder-messages.ts';

/** One run that waits for an encoder. */
export interface QueuedRun {
  model: ModelReference;
  input: EncoderInput;
  resolve: (run: EncodedRun) => void;
  reject: (error: unknown) => void;
}

export interface SubmitOptions {
  /** Whoever the run is for; the owners of bulk runs are served by turns. */
  owner: object;
  /** Short requests go ahead of all bulk runs. */
  interactive: boolean;
  /** When it aborts, the run is dropped before it costs anything. */
  signal: AbortSignal;
}

/**
 * Runs that wait for an encoder: interactive ones first, then one of each owner in turn. It is bounded by its callers:
 * each connection submits at most the runs of two windows of rows.
 */
export class RunQueue {
  readonly #interactive: QueuedRun[] = [];
  readonly #bulk = new Map<object, QueuedRun[]>();
  #onSubmit: () => void = () => {};

  /** Calls `listener` after each submission. */
  onSubmit(listener: () => void): void {
    this.#onSubmit = listener;
  }

  get depth(): { interactive: number; bulk: number } {
    let bulk = 0;
    for (const runs of this.#bulk.values()) {
      bulk += runs.length;
    }
    return { interactive: this.#interactive.length, bulk };
  }

  /** Queues a run and answers its vectors; rejects with the signal's reason if it is dropped. */
  async submit(model: ModelReference, input: EncoderInput, options: SubmitOptions): Promise<EncodedRun> {
    const { owner, interactive, signal } = options;
    signal.throwIfAborted();
    return new Promise<EncodedRun>((resolve, reject) => {
      const drop = (): void => {
        this.#remove(run, owner);
        reject(signal.reason);
      };
      const run: QueuedRun = {
        model,
        input,
        resolve: (result) => {
          signal.removeEventListener('abort', drop);
          resolve(result);
        },
        reject: (error) => {
          signal.removeEventListener('abort', drop);
          reject(error);
        },
      };
      signal.addEventListener('abort', drop, { once: true });
      if (interactive) {
        this.#interactive.push(run);
      } else {
        const runs = this.#bulk.get(owner);
        if (runs === undefined) {
          this.#bulk.set(owner, [run]);
        } else {
          runs.push(run);
        }
      }
      this.#onSubmit();
    });
  }

  /** Takes the run that is next in turn. */
  next(): QueuedRun | undefined {
    const interactive = this.#interactive.shift();
    if (interactive !== undefined) {
      return interactive;
    }
    for (const [owner, runs] of this.#bulk) {
      const run = runs.shift();
      // Deleting and setting again moves the owner to the end of the turn.
      this.#bulk.delete(owner);
      if (runs.length > 0) {
        this.#bulk.set(owner, runs);
      }
      if (run !== undefined) {
        return run;
      }
    }
    return undefined;
  }

  #remove(run: QueuedRun, owner: object): void {
    const index = this.#interactive.indexOf(run);
    if (index >= 0) {
      this.#interactive.splice(index, 1);
      return;
    }
    const bulk = (this.#bulk.get(owner) ?? []).filter((other) => other !== run);
    if (bulk.length > 0) {
      this.#bulk.set(owner, bulk);
    } else {
      this.#bulk.delete(owner);
    }
  }
}
