import { once } from 'node:events';
import type { Socket } from 'node:net';

import { onDemandHost, readFrames, type BridgeHello, type RuntimePaths } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { errorCodes, type ErrorCode } from '../errors/error-codes.ts';
import { openConnection } from '../host/host-client.ts';

/** One question to the host, as a bridge would ask it. */
export interface HostRequest {
  paths: RuntimePaths;
  hello: BridgeHello;
  /** The blocks of rows; pulled as the host takes them. */
  input: Iterable<Buffer>;
  /** Takes the answer's bytes as they come. */
  onData: (bytes: Buffer) => void;
  /** Drops the request, also what the host has queued for it. */
  signal: AbortSignal;
}

/**
 * Asks the host, which is started if there is none, and settles once all is answered.
 * @throws HOST_UNAVAILABLE if the host cannot be started or ends meanwhile
 * @throws EmbedhouseError with the host's code if a row or the whole request fails
 * @throws the signal's reason if it aborts
 */
export async function askHost(request: HostRequest): Promise<void> {
  const socket = await connect(request.paths, request.signal);
  const stop = new AbortController();
  const sent: Sent = { bytes: 0, isAll: false };
  try {
    await Promise.race([
      Promise.all([readAnswer(socket, request, sent), writeInput(socket, request, sent, stop.signal)]),
      rejectOnAbort(request.signal, stop.signal),
    ]);
  } finally {
    stop.abort();
    socket.destroy();
  }
}

interface Sent {
  /** Without the hello. */
  bytes: number;
  isAll: boolean;
}

/**
 * Connects to the host, which is started if there is none; where the signal aborts first, whatever comes of it is closed.
 * @throws HOST_UNAVAILABLE with the log's path if it does not start; the signal's reason
 */
export async function connect(paths: RuntimePaths, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const connecting = openConnection(paths, onDemandHost());
  const stop = new AbortController();
  connecting.then(
    (socket) => (signal.aborted ? socket.destroy() : stop.abort()),
    () => stop.abort(),
  );
  await rejectOnAbort(signal, stop.signal);
  return connecting;
}

/** Waits for `stop`. @throws the reason of `signal` if that aborts first */
async function rejectOnAbort(signal: AbortSignal, stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    stop.addEventListener('abort', () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    if (signal.aborted) {
      onAbort();
    }
  });
}

/** Reads frames until the host closes the connection, which it does once everything is answered, or failed. */
async function readAnswer(socket: Socket, { paths, hello, onData }: HostRequest, sent: Readonly<Sent>): Promise<void> {
  let answeredBytes = 0;
  await new Promise<void>((resolve, reject) => {
    const receive = readFrames({
      data: onData,
      answered: (inputBytes) => {
        answeredBytes = inputBytes;
      },
      failure: (payload) => reject(readFailure(payload)),
    });
    socket.on('data', (chunk) => {
      try {
        receive(chunk);
      } catch (error) {
        reject(error);
      }
    });
    // It is closed next.
    socket.on('error', () => {});
    socket.once('close', () => {
      if (sent.isAll && answeredBytes === sent.bytes) {
        resolve();
      } else {
        reject(hostHasGone(hello.arguments[0], paths.log));
      }
    });
  });
}

/** Writes what the host takes, until all is written or `stop` aborts. */
async function writeInput(socket: Socket, { hello, input }: HostRequest, sent: Sent, stop: AbortSignal): Promise<void> {
  socket.write(`${JSON.stringify(hello)}\n`);
  for (const chunk of input) {
    sent.bytes += chunk.length;
    if (!socket.write(chunk)) {
      await once(socket, 'drain', { signal: stop }).catch(() => {});
    }
    if (stop.aborted) {
      return;
    }
  }
  sent.isAll = true;
  socket.end();
}

function readFailure(payload: string): EmbedhouseError {
  const { code = '', sentence = payload } = /^(?<code>[A-Z_]+)\n(?<sentence>.*)$/s.exec(payload)?.groups ?? {};
  // A host of another version says no code: that it cannot be used is all that it tells.
  return new EmbedhouseError(isErrorCode(code) ? code : 'HOST_UNAVAILABLE', sentence);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

function hostHasGone(functionName = 'embedhouse', log = ''): EmbedhouseError {
  return new EmbedhouseError(
    'HOST_UNAVAILABLE',
    `${functionName}: the model host stopped while it worked on this call: call again, which starts another; the host's log is ${log}`,
  );
}
