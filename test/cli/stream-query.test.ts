import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { makeSandbox, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox();
});

afterAll(async () => {
  await sandbox.remove();
});

/** The memory is looked at about once in so many bytes of the result. */
const sampleBytes = 10_000_000;

async function peakMemoryBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(?<kibibytes>\d+) kB$/m.exec(status)?.groups?.['kibibytes'] ?? 0) * 1024;
}

test('ends quietly when the reader of a large result has read enough', async () => {
  const running = sandbox.start(['query', 'SELECT number FROM numbers(100000000000)']);
  running.stdout.once('data', () => running.stdout.destroy());
  const { exitCode, stderr } = await running.ended;
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
});

test.skipIf(!existsSync('/proc'))('streams a large result in bounded memory (skipped without /proc)', async () => {
  const running = sandbox.start(['query', 'SELECT number FROM numbers(30000000)']);
  let bytes = 0;
  let peakBytes = 0;
  for await (const chunk of running.stdout) {
    const { length } = chunk as Buffer;
    bytes += length;
    if (bytes % sampleBytes < length) peakBytes = Math.max(peakBytes, await peakMemoryBytes(running.pid));
  }
  expect((await running.ended).exitCode).toBe(0);
  // Lengths of 0 … 29 999 999, and a newline each: 259 MB.
  expect(bytes).toBe(10 + 90 * 2 + 900 * 3 + 9e3 * 4 + 9e4 * 5 + 9e5 * 6 + 9e6 * 7 + 2e7 * 8 + 3e7);
  expect(peakBytes).toBeGreaterThan(100_000_000);
  expect(peakBytes).toBeLessThan(600_000_000);
});
