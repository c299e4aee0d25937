import { EmbedhouseError } from '../errors/embedhouse-error.ts';

/**
 * Runs work that the signal may stop. Whatever stopped work throws is told as `message`, a sentence for the user.
 *
 * @throws CANCELLED when the work fails after the signal has fired.
 */
export async function stoppable<T>(signal: AbortSignal, message: string, work: () => Promise<T>): Promise<T> {
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    throw signal.aborted ? new EmbedhouseError('CANCELLED', message, { cause: error }) : error;
  }
}
