import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { execa } from 'execa';
import { expect } from 'vitest';

import type { HostStatus } from '../../src/host/host-status.ts';

export const repositoryPath = fileURLToPath(new URL('../../', import.meta.url));
export const fixturesPath = join(repositoryPath, 'test/fixtures');

export const programPath = join(repositoryPath, 'dist/cli/main.js');

/** What a run of the program left: its exit code, or the signal that ended it, and all that it printed. */
export interface Answer {
  exitCode: number | string | undefined;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** @default the repository, which is a home folder */
  cwd?: string;
  /** Added to the sandbox's; `undefined` takes a variable out. */
  env?: Record<string, string | undefined>;
  /** Text on stdin, which is empty otherwise. */
  input?: string;
}

const processOptions = { extendEnv: false, reject: false, stripFinalNewline: false } as const;

/** A running program, in a process group of its own. */
export interface Started {
  pid: number;
  /** For the caller to read. */
  stdout: Readable;
  ended: Promise<Omit<Answer, 'stdout'>>;
}

/** The program as it is built, with a folder, a model host and an environment of its own. */
export class Sandbox {
  readonly path: string;
  readonly env: Record<string, string>;

  constructor(path: string, env: Record<string, string>) {
    this.path = path;
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: join(path, 'home'),
      TMPDIR: join(path, 'tmp'),
      EMBEDHOUSE_RUNTIME: join(path, 'run'),
      EMBEDHOUSE_GRAPHS: join(path, 'graphs'),
      EMBEDHOUSE_DATA: ':memory:',
      ...env,
    };
  }

  /** Runs the program to its end. */
  async run(args: readonly string[], { cwd = repositoryPath, env, input = '' }: RunOptions = {}): Promise<Answer> {
    const { exitCode, signal, stdout, stderr } = await execa(process.execPath, [programPath, ...args], {
      ...processOptions,
      cwd,
      env: { ...this.env, ...env },
      input,
    });
    return { exitCode: exitCode ?? signal, stdout, stderr };
  }

  /** Starts the program in a process group of its own, as a shell on a terminal does. */
  start(args: readonly string[]): Started {
    const running = execa(process.execPath, [programPath, ...args], {
      ...processOptions,
      cwd: repositoryPath,
      env: this.env,
      stdin: 'ignore',
      buffer: { stdout: false },
      detached: true,
    });
    const { pid = 0, stdout } = running;
    return {
      pid,
      stdout,
      ended: running.then(({ exitCode, signal, stderr }) => ({ exitCode: exitCode ?? signal, stderr })),
    };
  }

  /** Runs a query that must succeed, without a word on stderr, and answers its result. */
  async query(sql: string, options?: RunOptions): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(['query', sql], options);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    return stdout;
  }

  /** Runs a query that must fail with one line on stderr and nothing on stdout, and answers the line. */
  async failingQuery(sql: string, options?: RunOptions): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(['query', sql], options);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^embedhouse: [^\n]*\n$/);
    expect(exitCode).toBe(1);
    return stderr;
  }

  async hostStatus(): Promise<HostStatus> {
    // The program's own type of what it prints.
    return JSON.parse((await this.run(['host', 'status', '--json'])).stdout) as HostStatus;
  }

  /** Stops the host and removes the folder; fails if a process or a temporary folder is left. */
  async remove(): Promise<void> {
    const stopped = await this.run(['host', 'stop']);
    let left = await this.processes();
    for (let waits = 0; left.length > 0 && waits < 100; waits++) {
      await sleep(50);
      left = await this.processes();
    }
    const temporary = await readdir(join(this.path, 'tmp'));
    await rm(this.path, { recursive: true, force: true });
    expect({ exitCode: stopped.exitCode, left, temporary }).toEqual({ exitCode: 0, left: [], temporary: [] });
  }

  /** The command lines of the processes that were started in this sandbox; none where there is no /proc (macOS). */
  async processes(): Promise<string[]> {
    const found: string[] = [];
    for (const pid of await readdir('/proc').catch((): string[] => [])) {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      if (environment.includes(`EMBEDHOUSE_RUNTIME=${this.env['EMBEDHOUSE_RUNTIME']}\0`)) {
        const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        found.push(`${pid} ${command.replaceAll('\0', ' ')}`);
      }
    }
    return found;
  }
}

/** Makes a sandbox; `env` adds to its environment. Its path is short: a socket's must be. */
export async function makeSandbox(env: Record<string, string> = {}): Promise<Sandbox> {
  const path = await mkdtemp(join(tmpdir(), 'eh-'));
  await mkdir(join(path, 'home'));
  await mkdir(join(path, 'tmp'));
  return new Sandbox(path, env);
}

/** The environment in which functions use the small random model of 16 dimensions. */
export const tinyModel = { EMBEDHOUSE_MODELS: fixturesPath, EMBEDHOUSE_MODEL: 'tiny-clip' };
