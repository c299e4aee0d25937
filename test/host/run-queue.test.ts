import { describe, expect, test } from 'vitest';

import type { EncoderInput } from '../../src/host/encoder-messages.ts';
import { RunQueue } from '../../src/host/run-queue.ts';

const model = { modelsPath: '/models', name: 'tiny-clip', precision: 'fp32', fingerprint: '' } as const;
const noVectors = { dimensions: 1, vectors: new Float32Array(), failures: [] };

/** A queue whose runs are told apart by their only token. */
class TestQueue {
  readonly queue = new RunQueue();
  readonly answers: Promise<unknown>[] = [];

  submit(
    token: number,
    owner: object,
    options: { interactive?: boolean; signal?: AbortSignal } = {},
  ): Promise<unknown> {
    const input: EncoderInput = { tower: 'text', ids: [[token]] };
    const { interactive = false, signal = new AbortController().signal } = options;
    const answer = this.queue.submit(model, input, { owner, interactive, signal }).catch((error: unknown) => error);
    this.answers.push(answer);
    return answer;
  }

  /** Takes all runs, and answers their tokens in the order taken. */
  drain(): number[] {
    const tokens: number[] = [];
    for (let run = this.queue.next(); run !== undefined; run = this.queue.next()) {
      tokens.push(run.input.tower === 'text' ? (run.input.ids[0]?.[0] ?? -1) : -1);
      run.resolve(noVectors);
    }
    return tokens;
  }
}

describe('the queue', () => {
  test('hands out interactive runs before all bulk runs', () => {
    const queue = new TestQueue();
    const owner = {};
    void queue.submit(1, owner);
    void queue.submit(2, owner, { interactive: true });
    void queue.submit(3, owner);
    void queue.submit(4, {}, { interactive: true });
    expect(queue.queue.depth).toEqual({ interactive: 2, bulk: 2 });
    expect(queue.drain()).toEqual([2, 4, 1, 3]);
    expect(queue.queue.depth).toEqual({ interactive: 0, bulk: 0 });
  });

  test('serves the owners of bulk runs by turns', () => {
    const queue = new TestQueue();
    const [first, second, third] = [{}, {}, {}];
    for (const token of [10, 11, 12, 13]) {
      void queue.submit(token, first);
    }
    void queue.submit(20, second);
    void queue.submit(21, second);
    void queue.submit(30, third);
    expect(queue.drain()).toEqual([10, 20, 30, 11, 21, 12, 13]);
  });

  test('drops what waits for an owner that has gone, and nothing else', async () => {
    const queue = new TestQueue();
    const gone = new AbortController();
    const [owner, other] = [{}, {}];
    const bulk = queue.submit(1, owner, { signal: gone.signal });
    const interactive = queue.submit(2, owner, { signal: gone.signal, interactive: true });
    const kept = queue.submit(3, other);
    gone.abort(new Error('gone'));
    expect(queue.queue.depth).toEqual({ interactive: 0, bulk: 1 });
    expect(queue.drain()).toEqual([3]);
    expect(await Promise.all([bulk, interactive, kept])).toEqual([new Error('gone'), new Error('gone'), noVectors]);
  });

  test('refuses a run whose owner has gone already', async () => {
    const queue = new TestQueue();
    expect(await queue.submit(1, {}, { signal: AbortSignal.abort(new Error('gone')) })).toEqual(new Error('gone'));
    expect(queue.drain()).toEqual([]);
  });

  test('tells its listener about each run', () => {
    const queue = new TestQueue();
    let submissions = 0;
    queue.queue.onSubmit(() => submissions++);
    void queue.submit(1, {});
    void queue.submit(2, {}, { interactive: true });
    expect(submissions).toBe(2);
  });
});
