import { setTimeout as sleep } from 'node:timers/promises';

const settleWaitMs = 5000;
const settleCheckMs = 50;

/** Waits a while for work that has been cancelled, but not when all it waits for is a reader that may never read on. */
export async function settle(work: readonly Promise<unknown>[], isSuspended: () => boolean): Promise<void> {
  const idle = Promise.allSettled(work).then(() => 'idle');
  const deadline = performance.now() + settleWaitMs;
  while (performance.now() < deadline) {
    if ((await Promise.race([idle, sleep(settleCheckMs, 'busy')])) === 'idle' || isSuspended()) return;
  }
}
