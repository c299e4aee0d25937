import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import { frameTypes, runtimePaths, type RuntimePaths } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { ByteQueue } from '../formats/byte-queue.ts';
import { BridgeConnection, sendFrame, type BridgeServices } from './bridge-connection.ts';
import { describeModel } from './describe-model.ts';
import { EncodeQueue } from './encode-queue.ts';
import { EncoderPool } from './encoder-pool.ts';
import { readFunctionCall, type InputKind } from './function-call.ts';
import { readGreeting, type Control } from './greeting.ts';
import { defaultModelBytes, HostModels } from './host-models.ts';
import { listenOnSocket, socketIdentity } from './listen.ts';
import { VectorCache } from './vector-cache.ts';
import type { HostStatus } from './host-status.ts';

export interface HostOptions {
  /** Where the socket is. @default the runtime folder of this user */
  paths?: RuntimePaths;
  /** Ends the host after this long without work; 0 keeps it. @default 0 */
  idleTimeoutMs?: number;
  /** Threads of all encoder processes together. @default the processor's cores */
  threads?: number;
  /** Ends an encoder process, and so gives its models' memory back, after this long without work; 0 keeps it. @default 5 minutes */
  unloadTimeoutMs?: number;
  /**
   * Memory for the weights of models; the least recently used are let go.
   * @default half of the memory of the machine, or of the container
   */
  maxModelBytes?: number;
  /** Where models are kept as this machine runs them best; without it, they are loaded as they are. */
  cachePath?: string;
  /** Memory for vectors of what was asked before; 0 turns the cache off. @default 64 MiB */
  cacheBytes?: number;
  /** The largest image file. @default 64 MiB */
  maxImageBytes?: number;
  /** The largest image, width times height. @default 100 megapixels */
  maxImagePixels?: number;
  /** Prepares every image exactly as Pillow does, also where a faster way agrees but for rounding. @default false */
  exactImages?: boolean;
  log: Logger;
}

const defaults = {
  idleTimeoutMs: 0,
  unloadTimeoutMs: 5 * 60_000,
  cacheBytes: 64 * 1024 * 1024,
  maxImageBytes: 64 * 1024 * 1024,
  maxImagePixels: 100_000_000,
  exactImages: false,
};

const drainTimeoutMs = 5_000;
const maxReasonLength = 2_000;
const watchIntervalMs = 2_000;

/** The model host: listens for bridges, and owns the queue, the cache and the encoder process. */
export class Host implements AsyncDisposable {
  readonly #paths: RuntimePaths;
  readonly #log: Logger;
  #idleTimeoutMs: number;
  readonly #server: Server;
  readonly #queue = new EncodeQueue();
  readonly #models: HostModels;
  readonly #cache: VectorCache;
  readonly #encoders: EncoderPool;
  readonly #connections = new Set<Socket>();
  readonly #startedAt = Date.now();
  readonly #rows = { text: 0, image: 0, zeroed: 0 };
  #lastWorkAt = Date.now();
  #identity: string | undefined;
  #watch: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  readonly #closed: Promise<void>;
  #resolveClosed: () => void = () => {};
  readonly #services: BridgeServices;

  constructor(options: HostOptions) {
    const { idleTimeoutMs, unloadTimeoutMs, cacheBytes, maxImageBytes, maxImagePixels, exactImages } = {
      ...defaults,
      ...options,
    };
    this.#paths = options.paths ?? runtimePaths();
    this.#log = options.log;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#cache = new VectorCache(cacheBytes);
    const { cachePath, maxModelBytes = defaultModelBytes(), log } = options;
    this.#models = new HostModels({ cachePath, maxModelBytes, log });
    this.#encoders = new EncoderPool({
      maxModelBytes,
      threads: options.threads ?? availableParallelism(),
      idleTimeoutMs: unloadTimeoutMs,
      settings: { limits: { maxImageBytes, maxImagePixels }, exactImages },
      queue: this.#queue,
      log: options.log,
    });
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#services = {
      cache: this.#cache,
      queue: this.#queue,
      openModel: async (modelsPath, name, dtype) => this.#models.openModel(modelsPath, name, dtype),
      openTower: async (model, call) => this.#models.openTower(model, call),
      countRows: (input, rows) => this.#countRows(input, rows),
      countZeroed: (rows) => {
        this.#rows.zeroed += rows;
      },
    };
    this.#server = createServer({ allowHalfOpen: true }, (socket) => void this.#accept(socket));
  }

  /** @throws HOST_UNAVAILABLE if another host listens on the socket */
  async listen(): Promise<void> {
    await listenOnSocket(this.#server, this.#paths);
    this.#identity = socketIdentity(this.#paths);
    this.#watch = setInterval(() => this.#closeIfUnused(), watchIntervalMs);
    this.#log.info({ pid: process.pid, socket: this.#paths.socket }, 'host listens');
  }

  /** Settles once the host has closed: asked to, idle for too long, or replaced by another one. */
  async closed(): Promise<void> {
    await this.#closed;
  }

  status(): HostStatus {
    return {
      pid: process.pid,
      socket: this.#paths.socket,
      log: this.#paths.log,
      uptimeS: Math.round((Date.now() - this.#startedAt) / 1000),
      idleTimeoutS: this.#idleTimeoutMs / 1000,
      residentBytes: process.memoryUsage.rss(),
      encoders: this.#encoders.status,
      models: this.#encoders.memory,
      rows: { ...this.#rows },
      connections: this.#connections.size,
      queue: this.#queue.depth,
      cache: this.#cache.status,
    };
  }

  /** Stops listening, waits a few seconds for what is being answered, then ends the encoder process. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#watch);
    // Closing the server unlinks the socket's path, which may be another host's by now: its process then just ends.
    const isOurs = this.#identity !== undefined && socketIdentity(this.#paths) === this.#identity;
    const closed = isOurs ? once(this.#server, 'close') : undefined;
    if (isOurs) {
      this.#server.close();
    }
    const deadline = Date.now() + drainTimeoutMs;
    while (this.#isWorking() && Date.now() < deadline) {
      await sleep(20);
    }
    for (const socket of this.#connections) {
      socket.destroy();
    }
    this.#models.close();
    this.#encoders.close();
    await closed;
    this.#log.info('host closed');
    this.#resolveClosed();
  }

  async #accept(socket: Socket): Promise<void> {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    socket.on('error', (error) => this.#log.debug({ error }, 'connection'));
    const bytes = new ByteQueue();
    let functionName = 'embed';
    try {
      const greeting = await readGreeting(socket, bytes);
      if (greeting === undefined) {
        socket.end();
      } else if ('control' in greeting) {
        await this.#control(socket, greeting.control);
      } else {
        functionName = greeting.arguments[0] ?? functionName;
        const call = readFunctionCall(greeting);
        if (call.input !== 'model') {
          this.#encoders.warmUp();
        }
        await (call.input === 'model'
          ? describeModel(socket, bytes, call, await this.#models.openModel(call.modelsPath, call.model, call.dtype))
          : new BridgeConnection(socket, bytes, call, this.#services).serve());
        this.#lastWorkAt = Date.now();
        socket.end();
      }
    } catch (error) {
      this.#refuse(socket, functionName, error);
    }
  }

  async #control(socket: Socket, control: Control): Promise<void> {
    if (control === 'keep') {
      this.#idleTimeoutMs = 0;
    }
    socket.write(JSON.stringify(this.status()));
    if (control === 'stop') {
      await this.close();
    }
    socket.end();
  }

  /** Tells the bridge, and so the user, why the query fails. */
  #refuse(socket: Socket, functionName: string, error: unknown): void {
    if (socket.destroyed) {
      return;
    }
    if (!(error instanceof EmbedhouseError)) {
      this.#log.error({ error, functionName }, 'unexpected error');
    }
    // One line: ClickHouse shows the last one that a function prints. Values in it may hold line feeds, and be long.
    const reason = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
    const code = error instanceof EmbedhouseError ? error.code : 'HOST_UNAVAILABLE';
    const sentence = `${functionName}: ${reason.slice(0, maxReasonLength)}`;
    sendFrame(socket, frameTypes.failure, Buffer.from(`${code}\n${sentence}`));
    socket.end();
    // What still comes is read and dropped: a socket closed with unread input would take the message back, and one
    // that is not read never shows that the bridge has gone.
    socket.on('data', () => {}).resume();
  }

  #countRows(input: InputKind, rows: number): void {
    this.#rows[input === 'text' ? 'text' : 'image'] += rows;
    this.#lastWorkAt = Date.now();
  }

  #isWorking(): boolean {
    return !this.#queue.isEmpty || this.#encoders.runs > 0 || this.#models.isOpening;
  }

  /** Closes when idle for too long, or when another host has taken over the socket. */
  #closeIfUnused(): void {
    if (this.#isWorking()) {
      this.#lastWorkAt = Date.now();
    }
    const isIdle = this.#idleTimeoutMs > 0 && Date.now() - this.#lastWorkAt > this.#idleTimeoutMs;
    const isReplaced = socketIdentity(this.#paths) !== this.#identity;
    if (isIdle || isReplaced) {
      this.#log.info({ isIdle, isReplaced }, 'host closes');
      void this.close();
    }
  }
}
