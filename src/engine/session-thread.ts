import { Worker } from 'node:worker_threads';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { SessionReply, SessionRequest, SessionThreadData } from './session-messages.ts';

// Node runs JavaScript only: from the TypeScript sources (tests) the thread is the built file.
const threadFile = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/engine/session-thread-main.js' : './session-thread-main.js',
  import.meta.url,
);

/**
 * A session of the embedded engine in a thread of its own: requests go out and are answered strictly one by one.
 * The thread must outlive every session of the process: when it ends, chdb closes them all.
 */
export class SessionThread {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #waiting: { resolve: (reply: SessionReply) => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  constructor(data: SessionThreadData) {
    this.#worker = new Worker(threadFile, { workerData: data });
    // Idle, it does not keep the process alive.
    this.#worker.unref();
    this.#worker.on('message', (reply: SessionReply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (exitCode) => {
        this.#fail(new Error(`exit code ${exitCode}`));
        resolve();
      });
    });
  }

  /** @throws EmbedhouseError `ENGINE_UNAVAILABLE` when the thread has ended */
  async ask(request: SessionRequest): Promise<SessionReply> {
    if (this.#waiting !== undefined) throw new Error('a session answers one request at a time');
    if (this.#failure !== undefined) throw this.#failure;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#post(request);
    });
  }

  /** Whether a request waits for its answer. */
  get isBusy(): boolean {
    return this.#waiting !== undefined;
  }

  /** Lets the thread end. Call it last, with every session closed. */
  async exit(): Promise<void> {
    this.#post({ type: 'exit' });
    await this.#exited;
  }

  #post(request: SessionRequest): void {
    this.#worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- windows have origins, threads have none
    this.#worker.postMessage(request);
  }

  #settle(reply: SessionReply): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#worker.unref();
    waiting?.resolve(reply);
  }

  #fail(cause: Error): void {
    const message = `the embedded engine's thread ended (${cause.message}); start the command again`;
    this.#failure ??= new EmbedhouseError('ENGINE_UNAVAILABLE', message, { cause });
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#failure);
  }
}
