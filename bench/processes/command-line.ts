import { execa } from 'execa';

import type { Bench } from '../bench.ts';
import { programPath } from '../repository-path.ts';

export interface CommandAnswer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from before the process was started to the first byte on stdout, and to its end. */
  readonly firstByteMs: number;
  readonly elapsedMs: number;
  /** `Date.now()` before the start. */
  readonly startedAt: number;
}

/** Runs `embedhouse` to its end. */
export async function runCommand(bench: Bench, ...args: string[]): Promise<CommandAnswer> {
  const startedAt = Date.now();
  const start = performance.now();
  let firstByteMs = Number.NaN;
  const running = execa(process.execPath, [programPath, ...args], {
    env: bench.env,
    extendEnv: false,
    cwd: bench.workspace.path,
    stdin: 'ignore',
    reject: false,
    cancelSignal: bench.signal,
  });
  running.stdout.once('data', () => {
    firstByteMs = performance.now() - start;
  });
  const { exitCode, stdout, stderr } = await running;
  bench.signal.throwIfAborted();
  return { exitCode, stdout, stderr, firstByteMs, elapsedMs: performance.now() - start, startedAt };
}

/** Runs `embedhouse` and fails unless it succeeds. */
export async function mustRun(bench: Bench, ...args: string[]): Promise<CommandAnswer> {
  const answer = await runCommand(bench, ...args);
  if (answer.exitCode === 0) return answer;
  throw new Error(`embedhouse ${args.join(' ')} failed: ${answer.stderr.trim()}`);
}
