import type { ErrorCode } from './error-codes.ts';

/**
 * The base of every error that embedhouse throws on purpose. `message` is one sentence for the user: what failed,
 * with the name and the value; what was expected; what to do.
 */
export class EmbedhouseError extends Error {
  override readonly name = 'EmbedhouseError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
