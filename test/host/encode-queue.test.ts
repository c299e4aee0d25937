import { describe, expect, test } from 'vitest';

import { EmbedhouseError } from '../../src/errors/embedhouse-error.ts';
import { EncodeQueue, type EncodeOutcome, type EncodeRun, type QueuedTower } from '../../src/host/encode-queue.ts';

const tower: QueuedTower = {
  key: 'tiny text',
  model: { modelsPath: '/models', name: 'tiny-clip', dtype: 'fp32', fingerprint: '' },
  preparedGraph: undefined,
  bytes: 1000,
  limits: { maxTokens: 12, maxRows: 4 },
};
const otherTower = { ...tower, key: 'other text' };

interface AskOptions {
  owner?: object;
  isInteractive?: boolean;
  signal?: AbortSignal;
  of?: QueuedTower;
}

/** A queue of texts that are runs of one letter: 'aaa' has three tokens. */
class TestQueue {
  readonly queue = new EncodeQueue();

  ask(texts: string, options: AskOptions = {}): Promise<EncodeOutcome>[] {
    const { owner = {}, isInteractive = false, signal = new AbortController().signal, of = tower } = options;
    const values = texts.split(' ').map((text) => {
      const ids = Array.from(text, (letter) => letter.charCodeAt(0));
      return { key: `${of.key} ${text}`, input: { tower: 'text', ids } } as const;
    });
    const outcomes = this.queue.encode(of, values, { owner, isInteractive, signal });
    for (const outcome of outcomes) {
      outcome.catch(() => {});
    }
    return outcomes;
  }

  /** Takes all runs without answering them; each run's texts with a space between them. */
  drain(): string[] {
    const runs: string[] = [];
    for (let run = this.queue.take(); run !== undefined; run = this.queue.take()) {
      runs.push(textsOf(run).join(' '));
    }
    return runs;
  }
}

function textsOf({ input }: EncodeRun): string[] {
  return input.tower === 'text' ? input.ids.map((ids) => String.fromCharCode(...ids)) : [];
}

/** Answers a run with the first token and the number of tokens of each text. */
function answer(run: EncodeRun, failures: { index: number; message: string }[] = []): void {
  const vectors = Float32Array.from(textsOf(run).flatMap((text) => [text.charCodeAt(0), text.length]));
  run.resolve({
    dimensions: 2,
    vectors,
    failures: failures.map((failure) => ({ ...failure, code: 'IMAGE_INVALID' })),
  });
}

describe('a run', () => {
  test('holds texts of one window from the shortest to the longest, within the limits', () => {
    const queue = new TestQueue();
    void queue.ask('aaa b ccccc dd eeee f g h');
    expect(queue.drain()).toEqual(['b f g h', 'dd aaa eeee', 'ccccc']);
  });

  test('holds a text that is longer than the limit alone', () => {
    const queue = new TestQueue();
    void queue.ask('a'.repeat(20) + ' b');
    expect(queue.drain()).toEqual(['b', 'a'.repeat(20)]);
  });

  test('holds texts of one tower only', () => {
    const queue = new TestQueue();
    void queue.ask('a b');
    void queue.ask('c d', { of: otherTower });
    expect(queue.drain()).toEqual(['a b', 'c d']);
  });

  test('is filled with what other owners have waiting', () => {
    const queue = new TestQueue();
    void queue.ask('a b');
    void queue.ask('cc');
    void queue.ask('dd eee');
    expect(queue.drain()).toEqual(['a b cc dd', 'eee']);
  });

  test('holds texts of several owners by their length, so that little is padded', () => {
    const queue = new TestQueue();
    void queue.ask('a ccccc');
    void queue.ask('b ddddd');
    void queue.ask('x yyyyy', { of: otherTower });
    expect(queue.drain()).toEqual(['a b', 'ddddd ccccc', 'x yyyyy']);
  });

  test('holds what interactive requests ask for before all bulk work', () => {
    const queue = new TestQueue();
    const owner = {};
    void queue.ask('a b c d e', { owner });
    void queue.ask('x', { owner, isInteractive: true });
    void queue.ask('y', { isInteractive: true });
    expect(queue.queue.depth).toEqual({ interactive: 2, bulk: 5 });
    expect(queue.queue.hasInteractive).toBe(true);
    expect(queue.drain()).toEqual(['x y', 'a b c d', 'e']);
    expect(queue.queue.depth).toEqual({ interactive: 0, bulk: 0 });
    expect(queue.queue.isEmpty).toBe(true);
  });

  test('says whether it is interactive', () => {
    const queue = new TestQueue();
    void queue.ask('a');
    void queue.ask('x', { isInteractive: true });
    expect([queue.queue.take()?.isInteractive, queue.queue.take()?.isInteractive]).toEqual([true, false]);
  });
});

test('the owners of bulk work are served by turns', () => {
  const queue = new TestQueue();
  const [first, second, third] = [{}, {}, {}];
  void queue.ask('aaaaaaaaaaaa bbbbbbbbbbbb cccccccccccc', { owner: first });
  void queue.ask('dddddddddddd', { owner: first });
  void queue.ask('eeeeeeeeeeee ffffffffffff', { owner: second });
  void queue.ask('gggggggggggg', { owner: third });
  expect(queue.drain().map((run) => run[0])).toEqual(['a', 'e', 'g', 'b', 'f', 'c', 'd']);
});

describe('a value that several ask for', () => {
  test('is computed once, and all get its vector', async () => {
    const queue = new TestQueue();
    const [first] = queue.ask('a b');
    const run = queue.queue.take();
    // It is asked for again while it waits, and while it runs.
    const [again] = queue.ask('a');
    expect(queue.queue.isEmpty).toBe(true);
    answer(run as EncodeRun);
    expect(await Promise.all([first, again])).toEqual([Float32Array.of(97, 1), Float32Array.of(97, 1)]);
    // Answered: who asks now asks anew.
    void queue.ask('a');
    expect(queue.drain()).toEqual(['a']);
  });

  test('moves ahead when an interactive request asks for it', () => {
    const queue = new TestQueue();
    void queue.ask('aaaaaaaaaaaa bbbbbbbbbbbb');
    void queue.ask('bbbbbbbbbbbb', { isInteractive: true });
    expect(queue.drain().map((run) => run[0])).toEqual(['b', 'a']);
  });

  test('stays for the others when one of them goes', async () => {
    const queue = new TestQueue();
    const gone = new AbortController();
    const [theirs] = queue.ask('a', { signal: gone.signal });
    const [ours] = queue.ask('a');
    gone.abort(new Error('gone'));
    await expect(theirs).rejects.toThrow('gone');
    answer(queue.queue.take() as EncodeRun);
    expect(await ours).toEqual(Float32Array.of(97, 1));
  });
});

describe('an owner that goes', () => {
  test('takes along what nobody else waits for', async () => {
    const queue = new TestQueue();
    const gone = new AbortController();
    const owner = {};
    const theirs = [
      ...queue.ask('a b', { owner, signal: gone.signal }),
      ...queue.ask('c', { owner, signal: gone.signal, isInteractive: true }),
    ];
    void queue.ask('d');
    gone.abort(new Error('gone'));
    expect(queue.queue.depth).toEqual({ interactive: 0, bulk: 1 });
    expect(queue.drain()).toEqual(['d']);
    const settled = await Promise.allSettled(theirs);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  test('is refused afterwards', async () => {
    const queue = new TestQueue();
    const [outcome] = queue.ask('a', { signal: AbortSignal.abort(new Error('gone')) });
    await expect(outcome).rejects.toThrow('gone');
    expect(queue.drain()).toEqual([]);
  });
});

test('a row that failed is an outcome of its own, and a failed run rejects all of its values', async () => {
  const queue = new TestQueue();
  const [good, bad] = queue.ask('a b');
  answer(queue.queue.take() as EncodeRun, [{ index: 1, message: 'no image' }]);
  expect(await good).toEqual(Float32Array.of(97, 1));
  expect(await bad).toEqual(new EmbedhouseError('IMAGE_INVALID', 'no image'));
  const lost = queue.ask('c d');
  queue.queue.take()?.reject(new Error('crashed'));
  await expect(lost[0]).rejects.toThrow('crashed');
  await expect(lost[1]).rejects.toThrow('crashed');
});

test('tells its listener about work', () => {
  const queue = new TestQueue();
  let calls = 0;
  queue.queue.onWork(() => calls++);
  void queue.ask('a b');
  void queue.ask('c', { isInteractive: true });
  expect(calls).toBe(2);
});
