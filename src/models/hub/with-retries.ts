import { setTimeout as sleep } from 'node:timers/promises';

import pRetry from 'p-retry';

import type { Patience } from './hub-access.ts';

/** What may go well when it is tried again: a lost or silent connection, a hub that is busy. */
export class PassingFailure extends Error {
  override readonly name = 'PassingFailure';
  /** Whether no connection came about, as without a network. */
  readonly isUnreachable: boolean;
  /** How long the hub asks to wait. */
  readonly retryAfterMs: number;
  /** What had arrived until then. */
  readonly receivedBytes: number;

  constructor(
    message: string,
    { isUnreachable = false, retryAfterMs = 0, receivedBytes = 0, ...options }: Failing = {},
  ) {
    super(message, options);
    this.isUnreachable = isUnreachable;
    this.retryAfterMs = retryAfterMs;
    this.receivedBytes = receivedBytes;
  }
}

interface Failing extends ErrorOptions {
  isUnreachable?: boolean;
  retryAfterMs?: number;
  receivedBytes?: number;
}

export interface RetryOptions {
  readonly patience: Patience;
  readonly signal: AbortSignal;
  /** Told of each failure after which the work is tried again. */
  readonly onRetry?: ((failure: PassingFailure) => void) | undefined;
  /** Whether a failure ends the work though it may pass. */
  readonly isFinal?: (failure: PassingFailure) => boolean;
}

const maxDelayMs = 30_000;
/** A download that brings so much each time arrives in the end, however often it is cut off. */
const progressBytes = 1024 * 1024;

/**
 * Does the work again when it ends with a {@link PassingFailure}, after growing waits.
 *
 * @throws the last failure, or at once what is no PassingFailure, or the signal's reason when that stops it.
 */
export async function withRetries<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { patience, signal, onRetry, isFinal = () => false } = options;
  const isToRetry = (error: Error): error is PassingFailure => error instanceof PassingFailure && !isFinal(error);
  return pRetry(work, {
    retries: patience.retries,
    minTimeout: patience.firstDelayMs,
    maxTimeout: maxDelayMs,
    signal,
    shouldRetry: ({ error }) => isToRetry(error),
    shouldConsumeRetry: ({ error }) => !(isToRetry(error) && error.receivedBytes >= progressBytes),
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (!isToRetry(error) || retriesLeft === 0) {
        return;
      }
      onRetry?.(error);
      await sleep(error.retryAfterMs, undefined, { signal });
    },
  });
}
