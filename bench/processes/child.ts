import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Answer, Envelope } from './serve.ts';

export interface ChildOptions {
  /** Beside this module, without its extension. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

interface Waiting<Reply> {
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
}

/** A child process that answers requests (its side is `serve`). Aborting the signal fails what waits. */
export class Child<Request, Reply> implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #program: string;
  readonly #signal: AbortSignal;
  readonly #waiting = new Map<number, Waiting<Reply>>();
  readonly #onAbort = (): void => this.#failAll(new Error('interrupted'));
  #nextId = 1;

  constructor({ program, env, signal }: ChildOptions) {
    this.#program = program;
    this.#signal = signal;
    this.#process = fork(fileURLToPath(new URL(`./${program}.js`, import.meta.url)), {
      env,
      serialization: 'advanced',
      // stdout belongs to the table.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    this.#process.on('message', (message) => this.#receive(message as Answer<Reply>));
    this.#process.on('error', (error) => this.#failAll(error));
    this.#process.once('exit', (code, killedBy) => {
      this.#failAll(new Error(`${program} ended (${killedBy ?? `exit code ${code}`})`));
    });
    signal.addEventListener('abort', this.#onAbort);
  }

  async request(request: Request): Promise<Reply> {
    this.#signal.throwIfAborted();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#process.send({ id, request } satisfies Envelope<Request>, (error) => {
        if (error !== null) reject(new Error(`${this.#program}: ${error.message}`));
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }

  #receive(answer: Answer<Reply>): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.reply);
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
