import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { expect, test } from 'vitest';

import { anySignal } from '../../src/signals/any-signal.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

test('fires for a timeout that nothing else holds, when garbage is collected before', async () => {
  const other = new AbortController();
  let reason: unknown;
  anySignal(AbortSignal.timeout(300), other.signal).addEventListener('abort', (event) => {
    reason = (event.target as AbortSignal).reason;
  });
  for (let n = 0; n < 3; n++) {
    await sleep(20);
    if (typeof collectGarbage === 'function') collectGarbage();
  }
  await expect.poll(() => reason, { timeout: 10_000 }).toMatchObject({ name: 'TimeoutError' });
});

test('fires for the first of its signals, with its reason, and not for the others', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const signal = anySignal(first.signal, second.signal);
  expect(signal.aborted).toBe(false);
  second.abort('the second');
  first.abort('the first');
  expect(signal.reason).toBe('the second');
});
