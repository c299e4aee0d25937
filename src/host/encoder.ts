import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { execaNode } from 'execa';
import type { Logger } from 'pino';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { EncodeRequest, EncoderReply, LoadedTower } from './encoder-messages.ts';
import type { QueuedRun, RunQueue } from './run-queue.ts';

export interface EncoderOptions {
  /** Threads of each onnxruntime session. */
  threads: number;
  limits: { maxImageBytes: number; maxImagePixels: number };
  queue: RunQueue;
  log: Logger;
}

/** Starting: no `ready` yet. Stopped: no process, the next run starts one. */
type EncoderState = 'stopped' | 'starting' | 'ready' | 'closed';

/** While one run computes, the next one is with the process already: its images are decoded meanwhile. */
const runsInProcess = 2;

/**
 * The host's side of an encoder process: takes runs from the queue, starts the process at the first one and again after
 * a crash. A crash fails the runs that were with the process, and nothing else.
 */
export class Encoder {
  readonly #options: EncoderOptions;
  readonly #running = new Map<number, QueuedRun>();
  #child: Pick<ChildProcess, 'pid' | 'send' | 'kill'> | undefined;
  #state: EncoderState = 'stopped';
  #nextId = 1;
  #loaded: LoadedTower[] = [];
  #residentBytes = 0;
  #restarts = 0;

  constructor(options: EncoderOptions) {
    this.#options = options;
    options.queue.onSubmit(() => this.#feed());
  }

  get status(): {
    pid: number | null;
    state: EncoderState;
    residentBytes: number;
    restarts: number;
    models: LoadedTower[];
    runs: number;
  } {
    return {
      pid: this.#child?.pid ?? null,
      state: this.#state,
      residentBytes: this.#residentBytes,
      restarts: this.#restarts,
      models: this.#loaded,
      runs: this.#running.size,
    };
  }

  /** Ends the process. It is killed: onnxruntime aborts a process that is asked to exit in the middle of a run. */
  close(): void {
    this.#state = 'closed';
    this.#child?.kill('SIGKILL');
  }

  #feed(): void {
    if (this.#state === 'stopped') {
      this.#start();
    }
    while (this.#state === 'ready' && this.#running.size < runsInProcess) {
      const run = this.#options.queue.next();
      if (run === undefined) {
        return;
      }
      const id = this.#nextId++;
      this.#running.set(id, run);
      const request: EncodeRequest = { type: 'encode', id, model: run.model, input: run.input };
      // A process that has just died fails the sending before its end is told, which then fails the run.
      this.#child?.send(request, (error) => error !== null && this.#options.log.debug({ error }, 'sending a run'));
    }
  }

  #start(): void {
    const { threads, limits, log } = this.#options;
    this.#state = 'starting';
    const child = execaNode(fileURLToPath(new URL('./encoder-process.js', import.meta.url)), {
      ipc: true,
      serialization: 'advanced',
      stdin: 'ignore',
      stdout: 'inherit',
      stderr: 'inherit',
      nodeOptions: [],
      reject: false,
      // Execa's own listener for signals would end the host before it has closed; `disconnect` ends the process.
      cleanup: false,
      // Its messages are vectors: they must not be collected for a result.
      buffer: false,
      env: {
        EMBEDHOUSE_ENCODER: JSON.stringify({ threads, limits }),
        // onnxruntime-node would report its use to its maker and leave files in the temporary folder.
        ORT_DISABLE_TELEMETRY: '1',
      },
    });
    this.#child = child;
    log.info({ pid: child.pid }, 'encoder process started');
    child.on('error', (error) => log.error({ error }, 'encoder process'));
    // IPC delivers what this project's encoder process sends, and nothing else can write to that channel.
    child.on('message', (message) => this.#receive(message as EncoderReply));
    void child.then(({ signal, exitCode, shortMessage }) => {
      this.#exited(child.pid, signal ?? (exitCode === undefined ? String(shortMessage) : `exit code ${exitCode}`));
    });
  }

  #receive(reply: EncoderReply): void {
    if (reply.type === 'ready') {
      this.#state = 'ready';
    } else if (reply.type === 'loaded') {
      const { model, tower, precision } = reply.loaded;
      // A model that has changed on disk is loaded again in place of what it was.
      this.#loaded = this.#loaded.filter(
        (other) => other.model !== model || other.tower !== tower || other.precision !== precision,
      );
      this.#loaded.push(reply.loaded);
      this.#options.log.info(reply.loaded, 'tower loaded');
    } else {
      const run = this.#running.get(reply.id);
      this.#running.delete(reply.id);
      if (reply.type === 'encoded') {
        this.#residentBytes = reply.residentBytes;
        run?.resolve(reply.run);
      } else {
        run?.reject(new EmbedhouseError(reply.code, reply.message));
      }
    }
    this.#feed();
  }

  #exited(pid: number | undefined, reason: string): void {
    const failedRuns = [...this.#running.values()];
    this.#child = undefined;
    this.#running.clear();
    this.#loaded = [];
    this.#residentBytes = 0;
    if (this.#state === 'closed') {
      return;
    }
    this.#options.log.error({ pid, reason, runs: failedRuns.length }, 'encoder process ended');
    const startFailed = this.#state === 'starting';
    this.#state = 'stopped';
    this.#restarts++;
    const error = new EmbedhouseError(
      'ENCODER_CRASHED',
      `the encoder process ended (${reason}) while it worked on this query; it is started anew: run the query again`,
    );
    if (startFailed) {
      // It would end at each start: what waits fails instead of starting it for ever.
      for (let run = this.#options.queue.next(); run !== undefined; run = this.#options.queue.next()) {
        failedRuns.push(run);
      }
    }
    for (const run of failedRuns) {
      run.reject(error);
    }
    if (this.#options.queue.depth.bulk + this.#options.queue.depth.interactive > 0) {
      this.#feed();
    }
  }
}
