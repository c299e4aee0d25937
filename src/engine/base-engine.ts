import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { anySignal } from '../signals/any-signal.ts';
import type { Engine, InsertOptions, QueryOptions, RunOptions } from './engine.ts';
import { writeResult } from './write-result.ts';

/** Options that have a signal in any case: closing the engine fires it. */
export interface Signalled {
  signal: AbortSignal;
}

/** The session of the user's statements, in which they run one by one. */
export interface StatementSession {
  stream(sql: string, options: QueryOptions & Signalled): AsyncGenerator<Uint8Array, void>;
  /** Settles when every call so far has ended. */
  readonly idle: Promise<void>;
  /** Whether the statement at work waits for its reader, and may for ever. */
  readonly isSuspended: boolean;
}

type ReadOptions = Pick<QueryOptions, 'params' | 'signal'>;

const settleWaitMs = 5000;
const settleCheckMs = 50;

/** What engines share: statements end with the engine, and closing it waits for them. */
export abstract class BaseEngine implements Engine {
  readonly version: string;
  readonly #session: StatementSession;
  readonly #closing = new AbortController();
  readonly #reads = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(version: string, session: StatementSession) {
    this.version = version;
    this.#session = session;
    // Every statement listens to it.
    setMaxListeners(0, this.#closing.signal);
  }

  stream(sql: string, options: QueryOptions = {}): AsyncGenerator<Uint8Array, void> {
    return this.#session.stream(sql, this.signalled(options));
  }

  async run(sql: string, options: RunOptions = {}): Promise<void> {
    const chunks = this.stream(sql, options);
    if (options.output !== undefined) return writeResult(chunks, options.output, this.signalled(options).signal);
    for await (const _ of chunks);
  }

  abstract insert(into: string, options: InsertOptions): Promise<void>;

  async rows<Row>(sql: string, options: ReadOptions = {}): Promise<Row[]> {
    const reading = this.read<Row>(sql, this.signalled(options));
    this.#reads.add(reading);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  async reloadFunctions(): Promise<void> {
    await this.rows('SYSTEM RELOAD FUNCTIONS');
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Runs one statement in a session of its own. */
  protected abstract read<Row>(sql: string, options: ReadOptions & Signalled): Promise<Row[]>;

  /** Frees what the engine holds; what runs has been cancelled, and waited for. */
  protected abstract end(): Promise<void>;

  /** Whether a call of `rows` has not ended. */
  protected get isReading(): boolean {
    return this.#reads.size > 0;
  }

  /** Makes closing the engine fire the signal, too. */
  protected signalled<Options extends { signal?: AbortSignal | undefined }>(options: Options): Options & Signalled {
    const { signal } = this.#closing;
    return { ...options, signal: options.signal === undefined ? signal : anySignal(options.signal, signal) };
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#settle();
    await this.end();
  }

  /** Waits a while for what was cancelled, but not when all it waits for is a reader that may never read on. */
  async #settle(): Promise<void> {
    const idle = Promise.allSettled([this.#session.idle, ...this.#reads]).then(() => 'idle');
    const deadline = performance.now() + settleWaitMs;
    while (performance.now() < deadline) {
      if ((await Promise.race([idle, sleep(settleCheckMs, 'busy')])) === 'idle') return;
      if (this.#session.isSuspended && !this.isReading) return;
    }
  }
}
