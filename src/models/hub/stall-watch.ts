import { anySignal } from '../../signals/any-signal.ts';
import { PassingFailure } from './with-retries.ts';

/** Aborts a request on which nothing arrives for too long, or which the caller's signal stops. */
export class StallWatch implements Disposable {
  /** For the request and the reading of its answer. */
  readonly signal: AbortSignal;
  readonly #stalled = new AbortController();
  readonly #outer: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #stallMs: number;
  #hasAnswered = false;

  constructor(stallMs: number, outer: AbortSignal) {
    this.#outer = outer;
    this.#stallMs = stallMs;
    this.signal = anySignal(outer, this.#stalled.signal);
    this.#timer = setTimeout(() => this.#stalled.abort(), stallMs);
  }

  /** Says that something has arrived. */
  touch(): void {
    this.#hasAnswered = true;
    this.#timer.refresh();
  }

  /** Answers what to throw for a failure of the request: why it was aborted, if it was. @throws the outer signal's reason */
  explain(failure: PassingFailure): PassingFailure {
    this.#outer.throwIfAborted();
    if (!this.#stalled.signal.aborted) {
      return failure;
    }
    return new PassingFailure(`nothing arrived for ${this.#stallMs / 1000} s`, {
      isUnreachable: !this.#hasAnswered,
      receivedBytes: failure.receivedBytes,
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
