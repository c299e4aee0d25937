import { errorCodes } from '../errors/error-codes.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';

/** Prints an error as one line for the user and answers the exit code. An error of our own making keeps its stack. */
export function reportError(error: unknown): number {
  if (error instanceof EmbedhouseError) {
    process.stderr.write(`embedhouse: ${error.message}\n`);
    return errorCodes[error.code].exitCode;
  }
  process.stderr.write(
    `embedhouse: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}
