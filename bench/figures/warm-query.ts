import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Caption } from '../data/captions.ts';
import type { Figure } from '../figure.ts';
import { EngineProcess, quote } from '../processes/engine-process.ts';
import { ModelHost } from '../processes/model-host.ts';
import { openModelProcess, type ModelProcess } from '../processes/model-process.ts';
import { median, quantile } from '../statistics.ts';
import { warmUp } from './bulk-query.ts';

/** Runs of one side before the next has its turn; the first of them warm up. */
const turnLength = 25;
const warmUpQueries = 5;
/** After a run onnxruntime's threads look for more work for over 30 ms: they would take a core from what comes next. */
const restMs = 80;

/** One query for one new text, beside the model alone on the same text. */
export const warmQueryFigure: Figure = {
  name: 'warm-query',
  measure: async (bench) => {
    const captions = bench.captions.write((bench.settings.queries * turnLength) / (turnLength - warmUpQueries));
    await using _host = await ModelHost.start(bench, { cacheMib: 0 });
    await using engine = await EngineProcess.open(bench);
    const bulk = bench.captions.write(200).map(({ text }) => text);
    await warmUp(engine, 'encode_text', bulk);
    const graphPath = join(bench.model.path, 'onnx/text_model.onnx');
    await using oneThread = await openModelProcess(bench, graphPath, 1);
    await using allThreads = await openModelProcess(bench, graphPath, bench.cores);

    bench.progress(`${bench.settings.queries} queries`);
    const samples = await measureEach(captions, engine, { oneThread, allThreads });
    const isWide = median(samples.allThreads) < median(samples.oneThread);
    const model = isWide ? samples.allThreads : samples.oneThread;
    const difference = samples.query.map((elapsedMs, index) => elapsedMs - (model[index] ?? Number.NaN));
    const p99 = quantile(difference, 0.99).toFixed(2);
    return [
      {
        what: 'one warm query for a new text: whole query less model time alone, fp32',
        unit: 'ms',
        samples: difference,
        target: { atMost: 3 },
        parts: {
          'whole query ms': samples.query,
          'model alone, 1 thread, ms': samples.oneThread,
          [`model alone, ${bench.cores} threads, ms`]: samples.allThreads,
        },
        notes: [
          `model time is that of ${isWide ? bench.cores : 1} thread(s), the better; p99 of the difference ${p99} ms`,
        ],
      },
    ];
  },
};

/** The sides take turns of several runs each, so that what one leaves in caches and clocks serves itself. */
async function measureEach(
  captions: readonly Caption[],
  engine: EngineProcess,
  { oneThread, allThreads }: { oneThread: ModelProcess; allThreads: ModelProcess },
): Promise<{ query: number[]; oneThread: number[]; allThreads: number[] }> {
  const timeModel = async (model: ModelProcess, { ids }: Caption): Promise<number> =>
    (await model.request({ type: 'batch', rows: [ids] })).elapsedMs;
  const sides = {
    query: async ({ text }: Caption): Promise<number> => engine.time(`SELECT encode_text(${quote(text)}) FORMAT Null`),
    oneThread: async (caption: Caption): Promise<number> => timeModel(oneThread, caption),
    allThreads: async (caption: Caption): Promise<number> => timeModel(allThreads, caption),
  };
  const samples = { query: new Array<number>(), oneThread: new Array<number>(), allThreads: new Array<number>() };
  for (let first = 0; first < captions.length; first += turnLength) {
    for (const [side, time] of Object.entries(sides)) {
      await sleep(restMs);
      for (const [index, caption] of captions.slice(first, first + turnLength).entries()) {
        const elapsedMs = await time(caption);
        // `as`: the keys of `sides` are those of `samples`.
        if (index >= warmUpQueries) samples[side as keyof typeof samples].push(elapsedMs);
      }
    }
  }
  return samples;
}
