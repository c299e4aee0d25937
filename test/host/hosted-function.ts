import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { runtimePaths, type RuntimePaths } from '../../src/bridge/embed.ts';
import { readHostStatus, stopHost } from '../../src/host/host-client.ts';
import type { HostStatus } from '../../src/host/host-status.ts';

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The built programs: what ClickHouse and the command line really start. */
export const bridgeProgram = pathOf('../../dist/bridge/embed.js');
export const mainProgram = pathOf('../../dist/cli/main.js');
export const fixturesPath = pathOf('../fixtures');
export const imagesPath = pathOf('../fixtures/images');

export interface Finished {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

/** A process whose output is collected from its start. */
export interface Running {
  child: ChildProcessWithoutNullStreams;
  finished: Promise<Finished>;
  /** What has come on stdout so far. */
  output: () => Buffer;
}

export interface StartOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

/** A runtime folder of its own, and all processes that were started in it. */
export class TestRuntime implements AsyncDisposable {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly paths: RuntimePaths;
  readonly #started: Running[] = [];
  readonly #hostPids = new Set<number>();

  constructor(env: NodeJS.ProcessEnv = {}) {
    // Not under os.tmpdir(), whose path may be too long for a socket.
    this.folder = mkdtempSync('/tmp/eh-test-');
    this.env = {
      ...process.env,
      EMBEDHOUSE_RUNTIME: join(this.folder, 'run'),
      EMBEDHOUSE_GRAPHS: join(this.folder, 'graphs'),
      EMBEDHOUSE_MODELS: fixturesPath,
      EMBEDHOUSE_MODEL: 'tiny-clip',
      ...env,
    };
    this.paths = runtimePaths(this.env);
  }

  start(program: string, args: readonly string[], { env = {}, cwd = this.folder }: StartOptions = {}): Running {
    const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...this.env, ...env } });
    return this.track(child);
  }

  /** Collects the output of a process and ends it with this runtime. */
  track(child: ChildProcessWithoutNullStreams): Running {
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.on('error', () => {
      // A process that ended early reads no more; what it said is the test's matter.
    });
    const stderr = buffer(child.stderr);
    const finished = new Promise<Finished>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        stderr.then((text) => resolve({ code, stdout: Buffer.concat(chunks), stderr: text.toString() }), reject);
      });
    });
    const running = { child, finished, output: () => Buffer.concat(chunks) };
    this.#started.push(running);
    return running;
  }

  startBridge(command: string, options?: StartOptions): Running {
    return this.start(bridgeProgram, command.split(' '), options);
  }

  /** Calls a hosted function once: a bridge that gets the input and its end. */
  async call(command: string, input: Buffer | string, options?: StartOptions): Promise<Finished> {
    const bridge = this.startBridge(command, options);
    bridge.child.stdin.end(input);
    return bridge.finished;
  }

  /** Runs `embedhouse` to its end. */
  async embedhouse(...args: string[]): Promise<Finished> {
    const running = this.start(mainProgram, args);
    running.child.stdin.end();
    return running.finished;
  }

  /** @throws Error if no host runs */
  async status(): Promise<HostStatus> {
    const status = await readHostStatus(this.paths);
    if (status === undefined) {
      throw new Error('no host runs');
    }
    this.#hostPids.add(status.pid);
    for (const pid of encoderPids(status)) {
      this.#hostPids.add(pid);
    }
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopHost(this.paths);
    for (const { child, finished } of this.#started) {
      child.kill('SIGKILL');
      await finished.catch(() => {});
    }
    for (const pid of this.#hostPids) {
      await until(() => !isAlive(pid), `process ${pid} has ended`);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function encoderPids({ encoders }: HostStatus): number[] {
  return encoders.flatMap(({ pid }) => pid ?? []);
}

/** Asks again and again until the answer is true, for ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) {
      throw new Error(`waited in vain until ${what}`);
    }
    await sleep(10);
  }
}

/** Whether a process runs; one that has ended and was not collected by its parent yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return process.platform !== 'linux';
  }
}
