import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Bench } from '../bench.ts';
import { Child } from './child.ts';
import type { EngineReply, EngineRequest } from './engine-messages.ts';

const closeTimeoutMs = 10_000;
let tables = 0;

/** The embedded engine in a process of its own, with the benchmark's functions. */
export class EngineProcess implements AsyncDisposable {
  readonly #bench: Bench;
  readonly #child: Child<EngineRequest, EngineReply>;

  private constructor(bench: Bench) {
    this.#bench = bench;
    this.#child = new Child({ program: 'engine-process-main', env: bench.env, signal: bench.signal });
  }

  static async open(bench: Bench): Promise<EngineProcess> {
    const opened = new EngineProcess(bench);
    try {
      const { functionsPath, userScriptsPath } = bench.workspace;
      await opened.#child.request({ type: 'open', functionsPath, userScriptsPath });
      return opened;
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a statement and answers how long it took, in milliseconds, as the engine's caller sees it. */
  async time(sql: string): Promise<number> {
    return (await this.#child.request({ type: 'run', sql })).elapsedMs;
  }

  /** Makes a table in memory with one column `value`. */
  async createTable(name: string, values: readonly string[]): Promise<void> {
    const path = join(this.#bench.workspace.path, `table-${tables++}.txt`);
    await writeFile(path, values.map((value) => `${value}\n`).join(''));
    await this.time(
      `CREATE OR REPLACE TABLE ${name} ENGINE = Memory AS SELECT line AS value FROM file('${path}', LineAsString)`,
    );
  }

  /** Ends the process in the middle of what it does. */
  async kill(): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#bench.signal.aborted ? undefined : this.#child.request({ type: 'close' }).catch(() => {});
    const timeout = AbortSignal.timeout(closeTimeoutMs);
    await Promise.race([closed, new Promise((resolve) => timeout.addEventListener('abort', resolve))]);
    await this.#child[Symbol.asyncDispose]();
  }
}

/** A string as a SQL literal. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
