import { readFile } from 'node:fs/promises';

import { execa } from 'execa';

import type { Bench } from '../bench.ts';

/** What a process took. */
export interface MeasuredRun {
  readonly seconds: number;
  /** The most memory that it had resident at once, in bytes; NaN where there is no /proc. */
  readonly peakBytes: number;
}

const pollMs = 20;

/** Runs a program to its end, and fails unless it succeeds. */
export async function measureRun(bench: Bench, program: string, args: readonly string[]): Promise<MeasuredRun> {
  const start = performance.now();
  const running = execa(program, args, {
    env: bench.env,
    extendEnv: false,
    stdin: 'ignore',
    stdout: 'ignore',
    cancelSignal: bench.signal,
  });
  let peakBytes = Number.NaN;
  // The kernel keeps the peak: the last reading before the end is (nearly) it.
  const timer = setInterval(() => {
    void readPeak(running.pid).then((bytes) => {
      if (bytes !== undefined) peakBytes = bytes;
    });
  }, pollMs);
  try {
    await running;
  } finally {
    clearInterval(timer);
  }
  return { seconds: (performance.now() - start) / 1000, peakBytes };
}

async function readPeak(pid: number | undefined): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmHWM:\s+(?<kib>\d+) kB/m.exec(status)?.groups?.['kib'];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
