import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessRow } from './process-list.ts';
import type { ScriptProcesses } from './script-processes.ts';

/** Asks and kills, beside the session at work. */
export interface StatementControl {
  execute: (statement: string) => Promise<void>;
  readProcess: (tag: string) => Promise<ProcessRow | undefined>;
  kill: (tag: string) => Promise<void>;
}

export interface StatementWatchOptions {
  control: StatementControl;
  /** The mark of the watched statement. */
  tag: string;
  /** The scripts that this process's functions start; a server ends its own. */
  scripts?: ScriptProcesses;
  signal: AbortSignal;
  onProgress?: (progress: ProcessRow) => void;
}

/** Most queries end sooner: they are never asked about. */
const firstProgressMs = 300;
const nextProgressMs = 200;
const killAgainMs = 100;
/** ClickHouse ends a query between blocks, but not while it waits for a script: then the scripts are ended. */
const termScriptsAfterMs = 400;
const killScriptsAfterMs = 2000;

/** Follows one statement while it runs: reports its progress, and stops it when the signal fires. */
export class StatementWatch {
  readonly #options: StatementWatchOptions;
  readonly #ended = new AbortController();
  readonly #work: Promise<void>[] = [];
  readonly #onAbort = (): void => void this.#work.push(this.#kill());
  #stoppedScripts = false;

  constructor(options: StatementWatchOptions) {
    this.#options = options;
    if (options.onProgress !== undefined) this.#work.push(this.#reportProgress(options.onProgress));
    if (options.signal.aborted) this.#onAbort();
    else options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Ends the watch: the statement is over, well or badly. */
  async stop(): Promise<void> {
    const { signal, control } = this.#options;
    signal.removeEventListener('abort', this.#onAbort);
    this.#ended.abort();
    await Promise.all(this.#work);
    // A pool would hand an ended script to the next query, which would fail on it once: new pools.
    if (this.#stoppedScripts) await control.execute('SYSTEM RELOAD FUNCTIONS').catch(() => {});
  }

  async #reportProgress(onProgress: (progress: ProcessRow) => void): Promise<void> {
    const { control, tag } = this.#options;
    await this.#pause(firstProgressMs);
    while (!this.#ended.signal.aborted) {
      const row = await control.readProcess(tag).catch(() => undefined);
      if (row !== undefined && !this.#ended.signal.aborted) onProgress(row);
      await this.#pause(nextProgressMs);
    }
  }

  async #kill(): Promise<void> {
    const { control, tag, scripts } = this.#options;
    const start = performance.now();
    // Again and again: the statement may not have reached ClickHouse's list yet.
    while (!this.#ended.signal.aborted) {
      await control.kill(tag).catch(() => {});
      await this.#pause(killAgainMs);
      const waitedMs = performance.now() - start;
      if (this.#ended.signal.aborted || waitedMs < termScriptsAfterMs || scripts === undefined) continue;
      this.#stoppedScripts = true;
      await scripts.stop(waitedMs < killScriptsAfterMs ? 'SIGTERM' : 'SIGKILL');
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ended.signal }).catch(() => {});
  }
}
