import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeAll, expect, test } from 'vitest';

import { openHost } from '../../src/api/open-host.ts';
import { readRecordedModel } from '../models/recorded-models.ts';
import { writeBlock } from './function-bytes.ts';
import { fixturesPath, TestRuntime } from './hosted-function.ts';
import { makeLargeModel, smallModel } from './large-model.ts';

const { texts } = readRecordedModel(smallModel);
const names = ['a', 'b', 'c', 'd'];

let stock: TestRuntime;
let modelsPath: string;
let runtime: TestRuntime;

beforeAll(async () => {
  stock = new TestRuntime();
  modelsPath = join(stock.folder, 'models');
  for (const name of names) {
    await makeLargeModel(modelsPath, name, 40 * 1024 * 1024);
  }
  writeFileSync(join(stock.folder, 'file'), '');
  return async () => stock[Symbol.asyncDispose]();
});

afterEach(async () => {
  await runtime?.[Symbol.asyncDispose]();
});

/** Starts a host of two encoder processes without a cache. */
async function start(limitMib: number, ...flags: string[]): Promise<void> {
  runtime = new TestRuntime({ EMBEDHOUSE_MODELS: modelsPath });
  const limit = ['--model-memory-mib', String(limitMib)];
  await runtime.embedhouse('host', 'start', '--cache-mib', '0', '--threads', '2', ...limit, ...flags);
}

/** Below a file nothing can be prepared: each session then has its own copy of the weights. */
const unmapped = (): string[] => ['--graphs', join(stock.folder, 'file/graphs')];

async function ask(model: string, rows: readonly string[]): Promise<void> {
  const command = `f --input text --model ${model} --format RowBinary --chunk-header`;
  expect(await runtime.call(command, writeBlock('RowBinary', rows))).toMatchObject({ code: 0, stderr: '' });
}

test('lone queries of one model load it once, also where a second copy has no room', async () => {
  await start(60, ...unmapped());
  for (let round = 0; round < 4; round++) {
    await ask('a', [`a dog ${round}`]);
  }
  expect((await runtime.status()).models).toMatchObject({ loads: 1, unloads: 0 });
});

test('lone queries of two models that fit together load each once', async () => {
  await start(90, ...unmapped());
  for (let round = 0; round < 3; round++) {
    await ask('a', [`a dog ${round}`]);
    await ask('b', [`a dog ${round}`]);
  }
  expect((await runtime.status()).models).toMatchObject({ loads: 2, unloads: 0 });
});

test('a model that was loaded by a lone query serves bulk work too where a second copy has no room', async () => {
  await start(60, ...unmapped());
  await ask('a', ['a dog']);
  await ask(
    'a',
    Array.from({ length: 500 }, (_, row) => `${row} dogs`),
  );
  expect((await runtime.status()).models).toMatchObject({ loads: 1, unloads: 0 });
});

test('a model that needs room lets one other go, not two', async () => {
  await start(140);
  const many = Array.from({ length: 60 }, (_, copy) => texts.map(({ text }) => `${text} ${copy}`)).flat();
  for (const model of ['a', 'b', 'c']) {
    await ask(model, many);
  }
  await ask('d', ['a dog']);
  const { encoders } = await runtime.status();
  const loaded = new Set(encoders.flatMap(({ models }) => models.map(({ model }) => model)));
  expect([...loaded].toSorted()).toEqual(['b', 'c', 'd']);
});

test('queries of a model that has been asked to go, and the work that it goes for, are both done', async () => {
  await start(60);
  await using host = await openHost({ runtimePath: join(runtime.folder, 'run'), modelsPath });
  for (let round = 0; round < 10; round++) {
    await host.encodeText([`lone ${round}`], { model: 'a' });
    const many = Array.from({ length: 30 }, (_, row) => `text ${round} ${row} ${'dog '.repeat(row % 7)}`);
    const bulk = host.encodeText(many, { model: 'b' });
    // The moment in which the model leaves differs from machine to machine.
    await sleep((round % 5) * 0.7);
    const lone = host.encodeText([`beside ${round}`], { model: 'a' });
    expect((await bulk).shape).toEqual([30, 32]);
    expect((await lone).shape).toEqual([1, 32]);
  }
});

test('what was never loaded is not counted', async () => {
  runtime = new TestRuntime();
  const command = 'f --input image-bytes --model tiny-clip --format RowBinary --chunk-header --on-error zero';
  await runtime.call(command, writeBlock('RowBinary', ['no image']), { env: { EMBEDHOUSE_MODELS: fixturesPath } });
  expect((await runtime.status()).models).toMatchObject({ usedBytes: 0, loads: 0 });
});
