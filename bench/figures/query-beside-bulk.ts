import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { textRunLimits } from '../../src/host/run-plan.ts';
import type { Bench } from '../bench.ts';
import type { Figure } from '../figure.ts';
import { planRuns } from '../perfect-plan.ts';
import { EngineProcess, quote } from '../processes/engine-process.ts';
import { ModelHost } from '../processes/model-host.ts';
import { ModelProcesses } from '../processes/model-process.ts';
import { mean, median, quantile } from '../statistics.ts';
import { bulkQuery, warmUp } from './bulk-query.ts';

/** More texts than a bulk load can answer while the queries run. */
const bulkTextsPerSecond = 500;
/** Lets the queries fall at any moment of a batch. */
const pausesMs = [5, 35, 65, 95] as const;

/** One-text queries while another process embeds a table. */
export const besideBulkFigure: Figure = {
  name: 'beside-bulk',
  measure: async (bench) => {
    const { queries, besideBulkMs } = bench.settings;
    const captions = bench.captions.write(queries);
    bench.progress('composing the bulk load');
    const bulkTexts = bench.captions.write((bulkTextsPerSecond * (besideBulkMs + 5000)) / 1000);
    const batchMs = await measureBatch(bench);

    await using _host = await ModelHost.start(bench, { cacheMib: 0 });
    await using loader = await EngineProcess.open(bench);
    await using engine = await EngineProcess.open(bench);
    const values = bulkTexts.map(({ text }) => text);
    await loader.createTable('captions', values);
    await warmUp(loader, 'encode_text', values.slice(0, 200));
    await warmUp(engine, 'encode_text', ['a dog']);

    let isLoading = true;
    const loading = loader.time(bulkQuery('encode_text', 'captions')).finally(() => {
      isLoading = false;
    });
    loading.catch(() => {
      // Ended below with its process, in the middle of the query.
    });
    await sleep(3000, undefined, { signal: bench.signal });
    bench.progress('queries beside the bulk load');
    const samples: number[] = [];
    const deadline = performance.now() + besideBulkMs;
    for (const [index, { text }] of captions.entries()) {
      if (performance.now() > deadline) break;
      samples.push(await engine.time(`SELECT encode_text(${quote(text)}) FORMAT Null`));
      await sleep(pausesMs[index % pausesMs.length], undefined, { signal: bench.signal });
    }
    if (!isLoading) throw new Error('the bulk load ended before the queries did');
    await loader.kill();

    const p99 = quantile(samples, 0.99);
    const batch = median(batchMs);
    return [
      {
        what: 'one query for a new text beside a bulk load: p99 over the time of a bulk batch, fp32',
        unit: 'x',
        samples: samples.map((elapsedMs) => elapsedMs / batch),
        value: p99 / batch,
        target: { atMost: 3 },
        parts: { 'whole query ms': samples, 'bulk batch ms': batchMs },
        notes: [
          `${samples.length} queries: median ${median(samples).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; a bulk batch of ${textRunLimits.maxTokens} tokens takes ${batch.toFixed(1)} ms of one thread with all cores at work`,
        ],
      },
    ];
  },
};

/** Milliseconds of a run of the host's token budget, as many at once as there are cores. */
async function measureBatch(bench: Bench): Promise<number[]> {
  await using processes = await ModelProcesses.open(bench, join(bench.model.path, 'onnx/text_model.onnx'));
  const captions = bench.captions.write(400);
  // Of the runs that a plan makes, one from the middle is of common lengths.
  const runs = planRuns(captions, textRunLimits.maxTokens);
  const run = runs[Math.floor(runs.length / 2)];
  if (run === undefined) throw new Error('no run to measure');
  const samples: number[] = [];
  for (let time = 0; time < 12; time++) {
    const answers = await processes.all(run);
    samples.push(mean(answers.map(({ elapsedMs }) => elapsedMs)));
  }
  return samples.slice(2);
}
