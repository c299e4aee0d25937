import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Bench } from '../bench.ts';
import { programPath } from '../repository-path.ts';
import { runCommand } from './command-line.ts';
import { listProcessTree } from './process-tree.ts';

export interface ModelHostOptions {
  /**
   * Mebibytes for vectors of what was asked before; 0 turns the cache off.
   * @default the host's
   */
  readonly cacheMib?: number;
}

const startTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;

/** A model host in the benchmark's runtime folder, with its flags at their defaults, perhaps but for the cache. */
export class ModelHost implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #bench: Bench;

  private constructor(bench: Bench, child: ChildProcess) {
    this.#bench = bench;
    this.#process = child;
  }

  static async start(bench: Bench, { cacheMib }: ModelHostOptions = {}): Promise<ModelHost> {
    const log = openSync(join(bench.workspace.path, 'host-run.log'), 'a');
    const flags = cacheMib === undefined ? [] : ['--cache-mib', String(cacheMib)];
    const child = spawn(process.execPath, [programPath, 'host', 'run', ...flags], {
      env: bench.env,
      cwd: bench.workspace.path,
      stdio: ['ignore', log, log],
    });
    const host = new ModelHost(bench, child);
    try {
      await host.#untilListening();
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The host and all processes that it started, itself or through others; Linux. */
  async pids(): Promise<number[]> {
    return (await listProcessTree(this.pid)).map(({ pid }) => pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill(this.#bench.signal.aborted ? 'SIGKILL' : 'SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), stopTimeoutMs);
    await exited;
    clearTimeout(timer);
  }

  async #untilListening(): Promise<void> {
    const deadline = Date.now() + startTimeoutMs;
    while (Date.now() < deadline && this.#process.exitCode === null) {
      const { exitCode } = await runCommand(this.#bench, 'host', 'status', '--json');
      if (exitCode === 0) return;
      await sleep(50);
    }
    throw new Error(`the model host did not start; its log is ${this.#bench.workspace.path}/host-run.log`);
  }
}
