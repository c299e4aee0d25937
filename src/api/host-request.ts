import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { onDemandHost, readFrames, type BridgeHello, type RuntimePaths } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { errorCodes, type ErrorCode } from '../errors/error-codes.ts';
import { openConnection } from '../host/host-client.ts';

/** A host that ends takes some milliseconds. */
const retryAfterMs = 50;

/** One question to the host, as a bridge would ask it. */
export interface HostRequest {
  paths: RuntimePaths;
  hello: BridgeHello;
  /** Gives the blocks of rows; pulled as the host takes them. */
  input: () => Iterable<Buffer>;
  /** Takes the answer's bytes as they come. */
  onData: (bytes: Buffer) => void;
  /** Drops the request, also what the host has queued for it. */
  signal: AbortSignal;
}

/**
 * Asks the host, which is started if there is none, and settles once all is answered. One that goes before it has said
 * anything is asked, or its successor, once more: it may have been about to end when the call came.
 * @throws HOST_UNAVAILABLE if the host cannot be started or ends meanwhile
 * @throws EmbedhouseError with the host's code if a row or the whole request fails
 * @throws the signal's reason if it aborts
 */
export async function askHost(request: HostRequest): Promise<void> {
  if ((await askOnce(request)) === 'gone') {
    await sleep(retryAfterMs);
    if ((await askOnce(request)) === 'gone') {
      throw hostHasGone(request);
    }
  }
}

/** Asks over one connection. `gone`: it was closed before the host had said anything. */
async function askOnce(request: HostRequest): Promise<'answered' | 'gone'> {
  const { paths, hello, input, onData, signal } = request;
  const socket = await connect(paths, signal);
  const abort = (): void => void socket.destroy();
  signal.addEventListener('abort', abort);
  let sentBytes: number | undefined;
  let answeredBytes = 0;
  try {
    signal.throwIfAborted();
    return await new Promise((resolve, reject) => {
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
        if (signal.aborted) {
          reject(signal.reason);
        } else if (answeredBytes === sentBytes) {
          resolve('answered');
        } else if (socket.bytesRead === 0) {
          resolve('gone');
        } else {
          reject(hostHasGone(request));
        }
      });
      writeInput(socket, hello, input()).then((bytes) => {
        sentBytes = bytes;
      }, reject);
    });
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/**
 * Connects to the host, which is started if there is none; where the signal aborts first, whatever comes of it is closed.
 * @throws HOST_UNAVAILABLE with the log's path if it does not start; the signal's reason
 */
export async function connect(paths: RuntimePaths, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const connecting = openConnection(paths, onDemandHost());
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason);
      connecting.then(
        (socket) => socket.destroy(),
        () => {},
      );
    };
    signal.addEventListener('abort', abort);
    connecting.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Writes as the host takes it, until all is written or the connection is closed; answers the bytes behind the hello. */
async function writeInput(socket: Socket, hello: BridgeHello, input: Iterable<Buffer>): Promise<number> {
  const closed = new AbortController();
  socket.once('close', () => closed.abort());
  let bytes = 0;
  socket.write(`${JSON.stringify(hello)}\n`);
  for (const chunk of input) {
    bytes += chunk.length;
    if (!socket.write(chunk)) {
      await once(socket, 'drain', { signal: closed.signal }).catch(() => {});
    }
    if (socket.destroyed) {
      break;
    }
  }
  socket.end();
  return bytes;
}

function readFailure(payload: string): EmbedhouseError {
  const { code = '', sentence = payload } = /^(?<code>[A-Z_]+)\n(?<sentence>.*)$/s.exec(payload)?.groups ?? {};
  // A host of another version says no code: that it cannot be used is all that it tells.
  return new EmbedhouseError(isErrorCode(code) ? code : 'HOST_UNAVAILABLE', sentence);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

function hostHasGone({ paths, hello }: HostRequest): EmbedhouseError {
  return new EmbedhouseError(
    'HOST_UNAVAILABLE',
    `${hello.arguments[0]}: the model host stopped while it worked on this call: call again, which starts another; the host's log is ${paths.log}`,
  );
}
