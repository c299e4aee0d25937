import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { expect } from 'vitest';

import { programPath, type Answer, type RunOptions, type Sandbox } from './sandbox.ts';

/** A home with nothing in it but a file of its own, so that nothing is furnished; its path has to be quoted. */
export class BareHome {
  readonly path: string;
  readonly #sandbox: Sandbox;

  private constructor(path: string, sandbox: Sandbox) {
    this.path = path;
    this.#sandbox = sandbox;
  }

  static async make(sandbox: Sandbox): Promise<BareHome> {
    const path = join(sandbox.path, `it's home ${(await readdir(sandbox.path)).length}`);
    await mkdir(join(path, 'functions'), { recursive: true });
    await writeFile(join(path, 'functions/note.txt'), 'a home');
    return new BareHome(path, sandbox);
  }

  /** `functions new`. */
  async create(args: readonly string[], options: RunOptions = {}): Promise<Answer> {
    return this.#sandbox.run(['--home', this.path, 'functions', 'new', ...args], options);
  }

  /** The same, which must succeed; answers what it printed. */
  async createWell(args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.create(args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  }

  async query(sql: string): Promise<string> {
    return this.#sandbox.query(sql, { env: { EMBEDHOUSE_HOME: this.path } });
  }

  async check(): Promise<Answer> {
    return this.#sandbox.run(['--home', this.path, 'functions', 'check']);
  }

  /** The paths of all files and folders in it. */
  async files(): Promise<string[]> {
    return (await readdir(this.path, { recursive: true })).filter((path) => !path.includes('__pycache__')).toSorted();
  }

  /** Runs the commands that `functions new` has printed, each in a shell. */
  async tryAll(printed: string): Promise<string[]> {
    const commands = [...printed.matchAll(/^(?:Test|Try) it: +(.*)$/gm)].map(([, command = '']) => command);
    const outputs: string[] = [];
    for (const command of commands) {
      const script = `embedhouse() { "$NODE" "$PROGRAM" "$@"; }\n${command}`;
      const env = { ...this.#sandbox.env, NODE: process.execPath, PROGRAM: programPath };
      const { stdout, stderr } = await execa('/bin/sh', ['-c', script], { env, extendEnv: false });
      expect(stderr).toBe('');
      outputs.push(stdout);
    }
    return outputs;
  }
}
