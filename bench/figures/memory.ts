import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Bench } from '../bench.ts';
import { renderPictures } from '../data/pictures.ts';
import type { Figure, Measurement, Skipped } from '../figure.ts';
import { EngineProcess } from '../processes/engine-process.ts';
import { ModelHost } from '../processes/model-host.ts';
import { readMemory } from '../processes/process-memory.ts';
import { cachePath } from '../repository-path.ts';
import { quantile, slope } from '../statistics.ts';
import { bulkQuery } from './bulk-query.ts';

const mebibyte = 1024 * 1024;
const chunks = 20;
const sampleEveryMs = 500;
/** Each so many texts one is of 34 to 77 tokens: lengths far beyond captions come too. */
const longEvery = 50;
const imagesPerQuery = 100;
/** Above this, memory is not called flat: it would grow by as much again with every further load of this size. */
const flatMiB = 40;

/** The memory of the host and its encoder processes under a long mixed load. */
export const memoryFigure: Figure = {
  name: 'memory',
  measure: async (bench) => {
    const { memoryTexts, memoryImages } = bench.settings;
    const what = `memory of host and encoders after ${memoryTexts} texts and ${memoryImages} images, above the weights`;
    if (!existsSync('/proc/self/smaps_rollup')) return [{ what, skipped: 'needs /proc/<pid>/smaps_rollup (Linux)' }];
    return measureMemory(bench, what);
  },
};

/** Memory at a share of the load, 0 to 1. */
interface MemorySample {
  readonly done: number;
  readonly bytes: number;
}

async function measureMemory(bench: Bench, what: string): Promise<readonly (Measurement | Skipped)[]> {
  const { memoryTexts, memoryImages } = bench.settings;
  const pictures = await renderPictures(
    cachePath,
    Math.min(imagesPerQuery, memoryImages / chunks),
    { width: 500, height: 400 },
    { vary: 0.1, signal: bench.signal },
  );
  await using host = await ModelHost.start(bench);
  await using engine = await EngineProcess.open(bench);
  await engine.createTable('pictures', pictures.paths);
  const imageQueries = Math.max(1, Math.round(memoryImages / chunks / pictures.paths.length));
  const samples: MemorySample[] = [];
  const state = { done: 0, isLoading: true };
  const sampling = sampleMemory(host, state, samples);
  try {
    for (let chunk = 0; chunk < chunks; chunk++) {
      bench.progress(`memory: part ${chunk + 1} of ${chunks}, ${describe(samples.at(-1)?.bytes ?? 0)}`);
      const captions = bench.captions.write(memoryTexts / chunks, { longEvery });
      await engine.createTable(
        'captions',
        captions.map(({ text }) => text),
      );
      await engine.time(bulkQuery('encode_text', 'captions'));
      for (let query = 0; query < imageQueries; query++) await engine.time(bulkQuery('encode_image', 'pictures'));
      state.done = (chunk + 1) / chunks;
    }
  } finally {
    state.isLoading = false;
    await sampling;
  }
  const weights = await weightBytes(bench);
  const late = samples.filter(({ done }) => done >= 0.5);
  const growth = slope(late.map(({ done, bytes }) => [done, bytes])) / 2 / mebibyte;
  const peak = quantile(
    samples.map(({ bytes }) => bytes),
    1,
  );
  const last = samples.at(-1)?.bytes ?? 0;
  return [
    {
      what: `${what}, MiB`,
      unit: 'MiB',
      samples: late.map(({ bytes }) => (bytes - weights) / mebibyte),
      value: (last - weights) / mebibyte,
      target: { atMost: 400 },
      parts: { 'memory MiB': samples.map(({ bytes }) => bytes / mebibyte) },
      notes: [
        `PSS of all processes; weights on the disk ${describe(weights)}, at the end ${describe(last)}, most ${describe(peak)}`,
        'the quartiles are those of the second half of the load; the cache of vectors is on, and fills during the load',
      ],
    },
    {
      what: 'the same: growth over the second half of the load (fitted line)',
      unit: 'MiB',
      samples: [growth],
      target: { atMost: flatMiB },
    },
  ];
}

async function sampleMemory(
  host: ModelHost,
  state: { readonly done: number; readonly isLoading: boolean },
  samples: MemorySample[],
): Promise<void> {
  while (state.isLoading) {
    const bytes = await readMemory(await host.pids());
    if (bytes > 0) samples.push({ done: state.done, bytes });
    await sleep(sampleEveryMs);
  }
}

/** The two fp32 graphs that are loaded. */
async function weightBytes(bench: Bench): Promise<number> {
  const sizes = ['text_model.onnx', 'vision_model.onnx'].map(
    async (file) => (await stat(join(bench.model.path, 'onnx', file))).size,
  );
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
}

function describe(bytes: number): string {
  return `${Math.round(bytes / mebibyte)} MiB`;
}
