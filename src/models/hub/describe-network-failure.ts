import { PassingFailure } from './with-retries.ts';

/** The connection was there and went; what else goes wrong before an answer means that there is no way to the server. */
const lostCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

/** Turns what fetch throws, which says `fetch failed` and hides the reason in its cause, into a {@link PassingFailure}. */
export function describeNetworkFailure(error: unknown, receivedBytes = 0): PassingFailure {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = reason instanceof Error && 'code' in reason ? String(reason.code) : undefined;
  const message = reason instanceof Error ? reason.message : String(reason);
  const isLost = receivedBytes > 0 || (code !== undefined && lostCodes.has(code));
  return new PassingFailure(
    isLost ? `the connection was lost (${code ?? message})` : message || (code ?? 'no reason'),
    {
      isUnreachable: !isLost,
      receivedBytes,
      cause: error,
    },
  );
}
