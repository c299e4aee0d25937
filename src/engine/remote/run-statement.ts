import { randomUUID } from 'node:crypto';

import type { ProcessRow } from '../process-list.ts';
import { QueryError } from '../query-error.ts';
import { StatementWatch } from '../statement-watch.ts';
import { throwIfCancelled } from '../throw-if-cancelled.ts';
import { Cancellation } from './cancellation.ts';
import type { ServerAnswer, ServerClient, ServerRequest } from './server-client.ts';
import type { ServerControl } from './server-control.ts';

/** How long a server may take to end what it was told to. */
const endWaitMs = 5000;
/** One that reads data ends with the data only: it is told first, and then its request is broken off. */
const killWaitMs = 200;

/** `queryId` is the caller's where it must know it. */
export type StatementRequest = Omit<ServerRequest, 'queryId' | 'signal'> & { queryId?: string };

export interface RunStatementOptions {
  client: ServerClient;
  control: ServerControl;
  signal: AbortSignal;
  onProgress?: (progress: ProcessRow) => void;
  /** Called when the statement may still run on the server though it is left. */
  onBrokenOff?: () => void;
}

/**
 * Runs one statement on a server and yields its result as it comes. When it is left before its end, by its signal or by
 * its reader, it is stopped on the server.
 *
 * @throws as `ServerClient.send`; EmbedhouseError `QUERY_CANCELLED`
 */
export async function* runStatement(
  request: StatementRequest,
  { client, control, signal, onProgress, onBrokenOff }: RunStatementOptions,
): AsyncGenerator<Uint8Array, void> {
  throwIfCancelled(signal);
  const queryId = request.queryId ?? randomUUID();
  const watch = new StatementWatch({ control, tag: queryId, signal, ...(onProgress && { onProgress }) });
  const cancellation = new Cancellation(signal, request.data === undefined ? endWaitMs : killWaitMs);
  let answer: ServerAnswer | undefined;
  let isOver = false;
  try {
    answer = await client.send({ ...request, queryId, signal: cancellation.signal });
    cancellation.onGiveUp(answer.destroy);
    for await (const chunk of answer.chunks) {
      throwIfCancelled(signal);
      yield chunk;
      throwIfCancelled(signal);
    }
    isOver = true;
  } catch (error) {
    // Then the server has ended it.
    isOver = error instanceof QueryError;
    throwIfCancelled(signal);
    throw error;
  } finally {
    cancellation.stop();
    await watch.stop();
    if (!isOver) {
      onBrokenOff?.();
      answer?.destroy();
      await control.kill(queryId).catch(() => {});
    }
  }
}
