import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeAll, describe, expect, test } from 'vitest';

import { greatestDifference } from '../models/fixtures.ts';
import { readRecordedModel } from '../models/recorded-models.ts';
import { readVectors, writeBlock } from './function-bytes.ts';
import { encoderPids, TestRuntime } from './hosted-function.ts';
import { makeLargeModel, smallModel } from './large-model.ts';

const mebibyte = 1024 * 1024;
const modelMib = 40;
/** Room for two of three. */
const limitMib = 90;
const models = ['first', 'second', 'third'];
const { texts } = readRecordedModel(smallModel);

let stock: TestRuntime;
let runtime: TestRuntime;

beforeAll(async () => {
  stock = new TestRuntime();
  for (const name of models) {
    await makeLargeModel(join(stock.folder, 'models'), name, modelMib * mebibyte);
  }
  return async () => stock[Symbol.asyncDispose]();
});

afterEach(async () => {
  await runtime?.[Symbol.asyncDispose]();
});

async function startHost(...flags: string[]): Promise<void> {
  runtime = new TestRuntime({ EMBEDHOUSE_MODELS: join(stock.folder, 'models') });
  const { code, stderr } = await runtime.embedhouse('host', 'start', '--cache-mib', '0', ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

/** Starts a host with room for two models, whose weights are mapped from prepared graphs, or loaded as they are. */
async function startLimited(isPrepared: boolean, ...more: string[]): Promise<void> {
  const flags = ['--model-memory-mib', String(limitMib), ...more];
  if (isPrepared) {
    await startHost(...flags);
    return;
  }
  // Nothing can be written below a file.
  const file = join(stock.folder, 'file');
  writeFileSync(file, '');
  await startHost('--graphs', join(file, 'graphs'), ...flags);
}

/** Embeds the recorded texts, so often over, with one model; answers the greatest difference from PyTorch's vectors. */
async function worstOf(model: string, times = 1): Promise<number> {
  const rows = Array.from({ length: times }, () => texts).flat();
  const command = `f --input text --model ${model} --format RowBinary --chunk-header`;
  const block = writeBlock(
    'RowBinary',
    rows.map(({ text }) => text),
  );
  const { code, stdout, stderr } = await runtime.call(command, block);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const vectors = readVectors('RowBinary', stdout);
  expect(vectors).toHaveLength(rows.length);
  return Math.max(...rows.map(({ vector }, row) => greatestDifference(vectors[row] ?? [], vector)));
}

/** Memory of the encoder processes that is their own, not mapped from files, in bytes. */
async function anonymousBytes(): Promise<number> {
  const pids = encoderPids(await runtime.status());
  const sizes = pids.map((pid) => /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
  return sizes.reduce((sum, size) => sum + Number(size) * 1024, 0);
}

async function expectWithinLimit(): Promise<void> {
  const { models: memory, encoders } = await runtime.status();
  expect(memory.limitBytes).toBe(limitMib * mebibyte);
  expect(memory.usedBytes).toBeLessThanOrEqual(memory.limitBytes);
  const loaded = new Set(encoders.flatMap((encoder) => encoder.models.map(({ model }) => model)));
  expect(loaded.size).toBeLessThanOrEqual(2);
}

describe.each([
  ['mapped from prepared graphs', true],
  ['loaded as they are', false],
])('with room for two of three models, %s', (_, isPrepared) => {
  const start = async (...flags: string[]): Promise<void> => startLimited(isPrepared, ...flags);

  test('queries over all three in turn are right, and the least used model goes each time', async () => {
    await start('--threads', '1');
    for (const model of [...models, ...models, ...models]) {
      expect(await worstOf(model)).toBeLessThan(1e-4);
      await expectWithinLimit();
    }
    const { models: memory } = await runtime.status();
    expect(memory).toMatchObject({ loads: 9, unloads: 7 });
    const first = await runtime.status();
    const isThere = first.encoders.flatMap((encoder) => encoder.models.map(({ model }) => model));
    expect(isThere.toSorted()).toEqual(['second', 'third']);
    // Asking for one that is there loads nothing.
    await worstOf('third');
    expect((await runtime.status()).models).toMatchObject({ loads: 9, unloads: 7 });
  });

  test('bulk work on all three at once is right, in as many processes as there are', async () => {
    await start('--threads', '2');
    const done = new AbortController();
    const watching = (async () => {
      while (!done.signal.aborted) {
        const { usedBytes, limitBytes } = (await runtime.status()).models;
        expect(usedBytes).toBeLessThanOrEqual(limitBytes);
      }
    })();
    const worst = await Promise.all(models.map(async (model) => worstOf(model, 30)));
    done.abort();
    await watching;
    expect(Math.max(...worst)).toBeLessThan(1e-4);
    await expectWithinLimit();
    expect((await runtime.status()).models.unloads).toBeGreaterThan(0);
  });
});

test.skipIf(process.platform !== 'linux')(
  'the memory of models that are let go comes back (skipped: no /proc)',
  async () => {
    await startLimited(false, '--threads', '1');
    await worstOf('first');
    const withOne = await anonymousBytes();
    for (const model of ['second', 'third', 'first', 'second', 'third']) {
      await worstOf(model);
    }
    expect(await anonymousBytes()).toBeLessThan(withOne + 1.6 * modelMib * mebibyte);
  },
);

test('a model larger than the limit says so, and others work', async () => {
  await startHost('--model-memory-mib', '30');
  const command = '--format RowBinary --chunk-header';
  const block = writeBlock('RowBinary', ['a dog']);
  const large = await runtime.call(`f --input text --model first ${command}`, block);
  expect(large.stderr).toMatch(
    /^embedhouse: f: the text tower of model 'first' in fp32 takes 4[\d.]+ MB of memory where the host has 31.5 MB for models: start the host with a larger --model-memory-mib, or choose a smaller --dtype\n$/,
  );
  const env = { EMBEDHOUSE_MODELS: join(import.meta.dirname, '../fixtures') };
  const small = await runtime.call(`f --input text --model tiny-clip ${command}`, block, { env });
  expect(small).toMatchObject({ code: 0, stderr: '' });
});

test('the limit is half of the machine’s memory where none is given', async () => {
  await startHost();
  const { limitBytes } = (await runtime.status()).models;
  expect(limitBytes).toBeGreaterThan(256 * mebibyte);
});
