import { EmbedhouseError } from '../errors/embedhouse-error.ts';

/** @throws EmbedhouseError `QUERY_CANCELLED` */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new EmbedhouseError('QUERY_CANCELLED', 'the query was cancelled');
}
