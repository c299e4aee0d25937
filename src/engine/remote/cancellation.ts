/**
 * What becomes of a request whose statement is cancelled: the server is told, and its answer says when the statement has
 * ended; if none comes for a while, the request is given up.
 */
export class Cancellation {
  readonly #giveUp = new AbortController();
  readonly #cancel: AbortSignal;
  readonly #onCancel: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(cancel: AbortSignal, giveUpAfterMs: number) {
    this.#cancel = cancel;
    this.#onCancel = () => {
      this.#timer = setTimeout(() => this.#giveUp.abort(), giveUpAfterMs);
    };
    cancel.addEventListener('abort', this.#onCancel, { once: true });
  }

  /** Fires when the request is given up. */
  get signal(): AbortSignal {
    return this.#giveUp.signal;
  }

  /** Once an answer has begun, the client does not listen to the signal any more. */
  onGiveUp(destroy: () => void): void {
    this.signal.addEventListener('abort', destroy, { once: true });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#cancel.removeEventListener('abort', this.#onCancel);
  }
}
