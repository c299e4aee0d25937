import { parentPort, workerData } from 'node:worker_threads';
import { drainPending, Session, type ChdbQueryStream, type StreamChunk } from 'chdb';
import type { SessionReply, SessionRequest, SessionThreadData } from './session-messages.ts';

// Starting a streamed query is a blocking call of chdb, and ClickHouse computes constant expressions and scalar
// subqueries in it: a function's script may take seconds there. In a thread of its own it holds up nobody.

const port = parentPort;
if (port === null) throw new Error('session-thread-main runs as a worker thread only');
// The owner (SessionThread) starts this file with exactly this data.
const { dataPath, connectionArgs } = workerData as SessionThreadData;

let session: Session | undefined;
let stream: ChdbQueryStream | undefined;
let chunks: AsyncIterator<StreamChunk> | undefined;
let whole: Uint8Array | undefined;

function reply(message: SessionReply): void {
  const bytes = message.type === 'chunk' ? message.bytes : undefined;
  // Handed over instead of copied, if nothing else lies in the same memory.
  const isWhole =
    bytes !== undefined && bytes.buffer instanceof ArrayBuffer && bytes.length === bytes.buffer.byteLength;
  port?.postMessage(message, isWhole ? [bytes.buffer] : []);
}
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function requireSession(): Session {
  if (session === undefined) throw new Error('the session is not open');
  return session;
}

/** Only statements that select can be streamed; chdb says so of all others before it runs them. */
const isNotStreamable = (error: unknown): boolean =>
  textOf(error).includes('Streaming query is not supported for query');

async function start(statement: string, format: string): Promise<void> {
  const current = requireSession();
  try {
    stream = current.queryStream(statement, { format });
    chunks = stream[Symbol.asyncIterator]();
  } catch (error) {
    if (!isNotStreamable(error)) throw error;
    try {
      whole = (await current.queryAsync(statement, { format })).bytes();
    } catch (failure) {
      // chdb 3.4 leaves what a failed query had written for the next one to return; this takes it away.
      await current.queryAsync('SELECT 1 FORMAT Null').catch(() => {});
      throw failure;
    }
  }
}

async function pull(): Promise<SessionReply> {
  if (chunks !== undefined) {
    const next = await chunks.next();
    if (next.done !== true) return { type: 'chunk', bytes: next.value.raw() };
    chunks = stream = undefined;
  } else if (whole !== undefined && whole.length > 0) {
    const bytes = whole;
    whole = undefined;
    return { type: 'chunk', bytes };
  }
  whole = undefined;
  return { type: 'done' };
}

async function answer(request: SessionRequest): Promise<void> {
  switch (request.type) {
    case 'open':
      session = new Session(dataPath, { connectionArgs });
      return reply({ type: 'opened' });
    case 'start':
      await start(request.statement, request.format);
      return reply(await pull());
    case 'pull':
      return reply(await pull());
    case 'cancel':
      stream?.cancel();
      chunks = stream = whole = undefined;
      return reply({ type: 'done' });
    case 'close':
      session?.close();
      session = undefined;
      await drainPending();
      return reply({ type: 'closed' });
    case 'exit':
      return port?.close();
  }
}

async function answerOrFail(request: SessionRequest): Promise<void> {
  try {
    await answer(request);
  } catch (error) {
    chunks = stream = whole = undefined;
    reply({ type: 'failed', message: textOf(error) });
  }
}

port.on('message', (request: SessionRequest) => void answerOrFail(request));
