import type { Writable } from 'node:stream';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';

const readerIsGone = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);

/**
 * Writes chunk after chunk, each when the one before has been taken, and stops reading when nobody reads what is
 * written (a closed pipe), which is not an error.
 *
 * @throws EmbedhouseError `FILE_UNUSABLE` when writing fails for another reason, such as a full disk
 */
export async function writeResult(
  chunks: AsyncIterable<Uint8Array>,
  output: Writable,
  signal?: AbortSignal,
): Promise<void> {
  // Without a listener a failed write would end the process; the write's own callback tells of it.
  const ignore = (): void => {};
  output.on('error', ignore);
  try {
    for await (const chunk of chunks) await writeChunk(output, chunk, signal);
  } catch (error) {
    if (error instanceof WriteFailure) {
      if (readerIsGone.has(error.reason)) return;
      const message = `the result could not be written (${error.message}); check where the output goes`;
      throw new EmbedhouseError('FILE_UNUSABLE', message, { cause: error.cause });
    }
    throw error;
  } finally {
    output.removeListener('error', ignore);
  }
}

class WriteFailure extends Error {
  readonly reason: string;

  constructor(cause: Error) {
    super(cause.message, { cause });
    this.reason = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  }
}

/** Resolves when the output has taken the chunk, or the signal fires: the next chunk then brings the cancellation. */
async function writeChunk(output: Writable, chunk: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  if (output.destroyed) throw new WriteFailure(Object.assign(new Error('closed'), { code: 'EPIPE' }));
  await new Promise<void>((resolve, reject) => {
    const finish = (error?: Error | null): void => {
      signal?.removeEventListener('abort', onAbort);
      output.removeListener('close', onClose);
      if (error === undefined || error === null) resolve();
      else reject(new WriteFailure(error));
    };
    const onAbort = (): void => finish();
    // A stream that is destroyed while it is full calls back late or never.
    const onClose = (): void => finish(Object.assign(new Error('closed'), { code: 'EPIPE' }));
    signal?.addEventListener('abort', onAbort, { once: true });
    output.once('close', onClose);
    output.write(chunk, finish);
  });
}
