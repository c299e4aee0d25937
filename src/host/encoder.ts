import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { execaNode } from 'execa';
import type { Logger } from 'pino';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { EncodeRun } from './encode-queue.ts';
import type { EncodeRequest, EncoderReply, LoadedTower, TowerReference, UnloadRequest } from './encoder-messages.ts';
import type { ResidentTower } from './model-memory.ts';
import { ResidentTowers, type TowerRun } from './resident-towers.ts';

/** What an encoder process is told when it starts. */
export interface EncoderSettings {
  /** Threads of a run. */
  threads: number;
  /** Threads of a wide run. */
  wideThreads: number;
  /** Towers that no run has used for so long are closed; 0 keeps them. */
  idleTimeoutMs: number;
  limits: { maxImageBytes: number; maxImagePixels: number };
  /** Images exactly as Pillow prepares them, or nearly so and sooner. */
  exactImages: boolean;
}

export interface EncoderOptions {
  settings: EncoderSettings;
  /** Called when it may take another run: it is ready, has answered one, or has ended. */
  onFree: () => void;
  /** Called when the process has ended before it was ready: it would end so at each start. */
  onStartFailed: (error: EmbedhouseError) => void;
  log: Logger;
}

/** Starting: no `ready` yet. Stopped: no process. */
export type EncoderState = 'stopped' | 'starting' | 'ready' | 'closed';

/**
 * The host's side of one encoder process: starts it, sends runs and hands back what they gave. A crash fails the runs
 * that were with the process, and nothing else.
 */
export class Encoder {
  readonly #options: EncoderOptions;
  readonly #running = new Map<number, TowerRun & { run: EncodeRun }>();
  #child: Pick<ChildProcess, 'pid' | 'send' | 'kill'> | undefined;
  #state: EncoderState = 'stopped';
  #nextId = 1;
  readonly #towers = new ResidentTowers();
  #residentBytes = 0;
  #restarts = 0;
  #lastRunAt = 0;
  #failedToStart = false;

  constructor(options: EncoderOptions) {
    this.#options = options;
  }

  get state(): EncoderState {
    return this.#state;
  }

  /** Whether its last process ended before it was ready. */
  get failedToStart(): boolean {
    return this.#failedToStart;
  }

  /** Runs that are with the process. */
  get runs(): number {
    return this.#running.size;
  }

  /** Towers that were loaded, and let go, since the start. */
  get loads(): { loads: number; unloads: number } {
    return this.#towers.counts;
  }

  /** The towers in the process's memory, or on their way there or out. */
  get resident(): ResidentTower[] {
    return this.#towers.list([...this.#running.values()]);
  }

  /** Whether a run of the tower finds it in memory. */
  holds(tower: TowerReference, isWide: boolean): boolean {
    return this.#towers.holds(tower, this.#threadsOf(isWide));
  }

  /** Lets towers go that no run is with; `onFree` is called once they are gone. */
  unload(keys: readonly string[]): void {
    this.#towers.leave(keys);
    this.#post({ type: 'unload', keys });
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
      models: [...this.#towers.loaded],
      runs: this.#running.size,
    };
  }

  /** Starts the process if there is none. */
  start(): void {
    if (this.#state !== 'stopped') {
      return;
    }
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
        EMBEDHOUSE_ENCODER: JSON.stringify(this.#options.settings),
        // onnxruntime-node would report its use to its maker and leave files in the temporary folder.
        ORT_DISABLE_TELEMETRY: '1',
      },
    });
    this.#child = child;
    this.#lastRunAt = Date.now();
    this.#options.log.info({ pid: child.pid }, 'encoder process started');
    child.on('error', (error) => this.#options.log.error({ error }, 'encoder process'));
    // IPC delivers what this project's encoder process sends, and nothing else can write to that channel.
    child.on('message', (message) => {
      // Of a process that has been given up nothing counts.
      if (this.#child === child && this.#state !== 'closed') {
        this.#receive(message as EncoderReply);
      }
    });
    void child.then(({ signal, exitCode, shortMessage }) => {
      this.#exited(child.pid, signal ?? (exitCode === undefined ? String(shortMessage) : `exit code ${exitCode}`));
    });
  }

  /** Sends a run to the process, which must be ready. */
  send(run: EncodeRun, { isWide }: { isWide: boolean }): void {
    const id = this.#nextId++;
    const threads = this.#threadsOf(isWide);
    this.#running.set(id, { run, tower: run.tower, threads });
    this.#lastRunAt = Date.now();
    const { model, key, preparedGraph, bytes } = run.tower;
    this.#towers.use({ tower: run.tower, threads });
    this.#post({
      type: 'encode',
      id,
      model,
      reference: { key, preparedGraph, bytes },
      input: run.input,
      isWide,
      isUrgent: run.isInteractive,
    });
  }

  /** Ends a process that has had nothing to do for so long; the next run starts another. */
  stopIfIdle(idleMs: number): void {
    const hasWork = this.#running.size > 0 || this.#towers.areLeaving;
    if (this.#state === 'ready' && !hasWork && Date.now() - this.#lastRunAt >= idleMs) {
      this.#options.log.info({ pid: this.#child?.pid }, 'encoder process is idle and ends');
      this.#state = 'stopped';
      this.#child?.kill('SIGKILL');
      this.#forget();
      this.#options.onFree();
    }
  }

  /** Ends the process. It is killed: onnxruntime aborts a process that is asked to exit in the middle of a run. */
  close(): void {
    this.#state = 'closed';
    this.#child?.kill('SIGKILL');
  }

  #receive(reply: EncoderReply): void {
    if (reply.type === 'ready') {
      this.#state = 'ready';
      this.#failedToStart = false;
    } else if (reply.type === 'loaded') {
      this.#towers.setLoaded(reply.loaded, [...this.#running.values()]);
      this.#options.log.info({ pid: this.#child?.pid, towers: reply.loaded }, 'towers in memory');
    } else {
      const run = this.#running.get(reply.id)?.run;
      this.#running.delete(reply.id);
      // It may have failed before it loaded its tower.
      this.#towers.forgetAbsent([...this.#running.values()]);
      this.#lastRunAt = Date.now();
      if (reply.type === 'encoded') {
        this.#residentBytes = reply.residentBytes;
        run?.resolve(reply.run);
      } else {
        run?.reject(new EmbedhouseError(reply.code, reply.message));
      }
    }
    this.#options.onFree();
  }

  #exited(pid: number | undefined, reason: string): void {
    if (this.#state === 'closed' || pid !== this.#child?.pid) {
      return;
    }
    const failedRuns = [...this.#running.values()].map(({ run }) => run);
    this.#running.clear();
    this.#options.log.error({ pid, reason, runs: failedRuns.length }, 'encoder process ended');
    this.#failedToStart = this.#state === 'starting';
    this.#state = 'stopped';
    this.#restarts++;
    this.#forget();
    const error = new EmbedhouseError(
      'ENCODER_CRASHED',
      `the encoder process ended (${reason}) while it worked on this query; it is started anew: run the query again`,
    );
    if (this.#failedToStart) {
      this.#options.onStartFailed(error);
    }
    for (const run of failedRuns) {
      run.reject(error);
    }
    this.#options.onFree();
  }

  #post(request: EncodeRequest | UnloadRequest): void {
    // A process that has just died fails the sending before its end is told, which then fails its runs.
    this.#child?.send(request, (error) => error !== null && this.#options.log.debug({ error }, 'sending a request'));
  }

  #threadsOf(isWide: boolean): number {
    const { threads, wideThreads } = this.#options.settings;
    return isWide ? wideThreads : threads;
  }

  #forget(): void {
    this.#child = undefined;
    this.#towers.clear();
    this.#residentBytes = 0;
  }
}
