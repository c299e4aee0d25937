import { closeSync } from 'node:fs';

import { execa } from 'execa';

import { openPipes, type Pipes } from './open-pipes.ts';

/** What is started: a program and its arguments. */
export interface ScriptCommand {
  file: string;
  args: readonly string[];
}

export interface ScriptEnd {
  /** `undefined` when a signal ended it. */
  exitCode: number | undefined;
  /** Such as `SIGKILL`. */
  signal: string | undefined;
}

export type WriteOutcome = 'written' | 'unread' | 'closed';

/** The system hands over a full pipe's space by pages: each piece written shows that the script reads. */
const pieceBytes = 4096;
const wakeMs = 20;

/** A running script with pipes as ClickHouse's; everything that it does is recorded. */
export class ScriptProcess {
  /** Set when it has ended. */
  end: ScriptEnd | undefined;
  isStdoutOpen = true;
  stdoutBytes = 0;
  /** When stdout or stderr last had something. */
  lastActivity = performance.now();
  /** Of `performance.now()`, as all times here. */
  readonly startedAt: number;
  readonly #pid: number;
  readonly #pipes: Pipes;
  readonly #stdout: { at: number; bytes: Buffer }[] = [];
  readonly #stderr: Buffer[] = [];
  readonly #waiting = new Set<() => void>();
  #waking: NodeJS.Timeout | undefined;

  static async start({ file, args }: ScriptCommand): Promise<ScriptProcess> {
    const pipes = await openPipes();
    const { stdin, stdout, stderr } = pipes.scriptEnds;
    const startedAt = performance.now();
    try {
      const running = execa(file, args, {
        // execa takes any descriptor; its types name a few.
        stdin: stdin as 3,
        stdout: stdout as 3,
        stderr: stderr as 3,
        // A group of its own, so that what it leaves running can be ended with it.
        detached: true,
        reject: false,
        buffer: false,
      });
      const script = new ScriptProcess(running.pid ?? 0, startedAt, pipes);
      void running.then(({ exitCode, signal }) => script.#ended({ exitCode, signal }));
      return script;
    } finally {
      for (const end of [stdin, stdout, stderr]) closeSync(end);
    }
  }

  private constructor(pid: number, startedAt: number, pipes: Pipes) {
    this.#pid = pid;
    this.startedAt = startedAt;
    this.#pipes = pipes;
    pipes.stdout.on('data', (bytes: Buffer) => {
      this.lastActivity = performance.now();
      this.#stdout.push({ at: this.lastActivity, bytes });
      this.stdoutBytes += bytes.length;
      this.#changed();
    });
    pipes.stdout.on('close', () => {
      this.isStdoutOpen = false;
      this.#changed();
    });
    pipes.stderr.on('data', (bytes: Buffer) => {
      this.lastActivity = performance.now();
      this.#stderr.push(bytes);
      this.#changed();
    });
    for (const pipe of [pipes.stdin, pipes.stdout, pipes.stderr]) pipe.on('error', () => {});
  }

  /** Everything on stderr so far. */
  get stderr(): string {
    return Buffer.concat(this.#stderr).toString();
  }

  /** With `<stderr_reaction>none` ClickHouse never reads stderr, and a full pipe stops the script. */
  set readsStderr(reads: boolean) {
    if (reads) this.#pipes.stderr.resume();
    else this.#pipes.stderr.pause();
  }

  /** Whether stdout is read; a script that goes on writing then waits for the pipe's space. */
  set readsStdout(reads: boolean) {
    if (reads) this.#pipes.stdout.resume();
    else this.#pipes.stdout.pause();
  }

  /** The stdout from a byte on. */
  stdoutFrom(start: number): Buffer {
    let end = 0;
    const rest = this.#stdout.flatMap(({ bytes }) => {
      const from = start - end;
      end += bytes.length;
      return end > start ? [bytes.subarray(Math.max(0, from))] : [];
    });
    return Buffer.concat(rest);
  }

  /** When the stdout from a byte on began and ended. */
  stdoutTimes(start: number): { first: number; last: number } | undefined {
    let end = 0;
    const first = this.#stdout.find(({ bytes }) => (end += bytes.length) > start);
    const last = this.#stdout.at(-1);
    return first && last && { first: first.at, last: last.at };
  }

  /** Writes to stdin; `unread` when the script takes nothing for so long, `closed` when nobody is there to take it. */
  async write(bytes: Uint8Array, timeoutMs: number): Promise<WriteOutcome> {
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      const outcome = await this.#writePiece(bytes.subarray(start, start + pieceBytes), timeoutMs);
      if (outcome !== 'written') return outcome;
    }
    return 'written';
  }

  closeStdin(): void {
    if (this.#waking !== undefined) return;
    this.#pipes.stdin.end();
    this.#waking = setInterval(this.#pipes.wakeLateReader, wakeMs);
  }

  /** Waits until something happens, or for so long. */
  async change(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(settle);
        resolve();
      };
      const timer = setTimeout(settle, Math.max(0, ms));
      this.#waiting.add(settle);
    });
  }

  /** Waits for the script's end, at most for so long, and says whether it has ended. */
  async ended(timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.end === undefined && performance.now() < deadline) await this.change(deadline - performance.now());
    return this.end !== undefined;
  }

  /** Sends a signal to the script and all that it has started; says whether there was anybody. */
  signal(signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
    try {
      // 0 would be this process's own group.
      return this.#pid > 0 && process.kill(-this.#pid, signal);
    } catch {
      return false;
    }
  }

  /** Ends the script and all that it has started, and closes the pipes. */
  async dispose(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended(1000);
    clearInterval(this.#waking);
    for (const pipe of [this.#pipes.stdin, this.#pipes.stdout, this.#pipes.stderr]) pipe.destroy();
    await this.#pipes.remove();
  }

  async #writePiece(piece: Uint8Array, timeoutMs: number): Promise<WriteOutcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve('unread'), timeoutMs);
      this.#pipes.stdin.write(piece, (error) => {
        clearTimeout(timer);
        resolve(error ? 'closed' : 'written');
      });
    });
  }

  #ended(end: ScriptEnd): void {
    this.end = end;
    this.#changed();
  }

  #changed(): void {
    for (const settle of this.#waiting) settle();
  }
}
