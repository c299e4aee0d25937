import { join } from 'node:path';

import type { Bench } from '../bench.ts';
import type { Caption } from '../data/captions.ts';
import type { Figure, Measurement } from '../figure.ts';
import { int8Row } from '../functions.ts';
import { interleave } from '../interleave.ts';
import { MatmulRate } from '../matmul-rate.ts';
import { textFlops } from '../model/clip-shapes.ts';
import { findBestBudget, planRuns } from '../perfect-plan.ts';
import { EngineProcess } from '../processes/engine-process.ts';
import { ModelHost } from '../processes/model-host.ts';
import { ModelProcesses, openModelProcess } from '../processes/model-process.ts';
import { ensureQuantizedModel } from '../quantized-model.ts';
import { quantile, ratios, sum } from '../statistics.ts';
import { bulkQuery, warmUp } from './bulk-query.ts';

/** Texts in bulk: through SQL, by the naive script, by a perfect plan, beside a plain matrix product. */
export const textFigure: Figure = {
  name: 'text',
  measure: async (bench) =>
    measureTexts(bench, {
      label: 'fp32',
      functionName: 'encode_text',
      graphPath: join(bench.model.path, 'onnx/text_model.onnx'),
      overNaive: 6.5,
    }),
};

/** The same in the batch-invariant int8 format; the naive script stays the fp32 one. */
export const textInt8RowFigure: Figure = {
  name: 'text-int8-row',
  measure: async (bench) => {
    const quantized = await ensureQuantizedModel(bench);
    if ('missing' in quantized) return [{ what: `texts/s through SQL, ${int8Row}`, skipped: quantized.missing }];
    return measureTexts(bench, {
      label: int8Row,
      functionName: 'encode_text_int8_row',
      graphPath: quantized.textPath,
      overNaive: 18,
    });
  },
};

interface TextVariant {
  label: string;
  functionName: string;
  /** The graph that the perfect plan runs. */
  graphPath: string;
  /** What is to be reached over the naive script. */
  overNaive: number;
}

async function measureTexts(bench: Bench, variant: TextVariant): Promise<readonly Measurement[]> {
  const { label, functionName, graphPath } = variant;
  const { bulkTexts, naiveTexts } = bench.settings;
  const captions = bench.captions.write(bulkTexts);
  const naiveRows = captions.slice(0, naiveTexts).map(({ ids }) => ids);
  const values = captions.map(({ text }) => text);

  await using _host = await ModelHost.start(bench, { cacheMib: 0 });
  await using engine = await EngineProcess.open(bench);
  await engine.createTable('captions', values);
  await warmUp(engine, functionName, values.slice(0, bulkTexts / 4));
  await using naive = await openModelProcess(bench, join(bench.model.path, 'onnx/text_model.onnx'));
  await using plan = await ModelProcesses.open(bench, graphPath);
  await using matmul = await MatmulRate.open(bench);
  await naive.request({ type: 'row-by-row', rows: naiveRows.slice(0, 5) });
  bench.progress('looking for the best token budget');
  const budget = await findBestBudget(plan, captions.slice(0, bulkTexts / 2));
  const runs = planRuns(captions, budget);

  const perSecond = (texts: number, elapsedMs: number): number => (texts * 1000) / elapsedMs;
  const { sql, script, perfect, gflops } = await interleave(bench, {
    sql: async () => perSecond(bulkTexts, await engine.time(bulkQuery(functionName, 'captions'))),
    script: async () => {
      const { elapsedMs } = await naive.request({ type: 'row-by-row', rows: naiveRows });
      return perSecond(naiveTexts, elapsedMs);
    },
    perfect: async () => perSecond(bulkTexts, await plan.work(runs)),
    gflops: async () => matmul.measure(),
  });
  const flopsPerText = sum(captions.map(({ ids }) => textFlops(ids.length))) / bulkTexts;
  const gflopsOf = (textsPerSecond: readonly number[]): number[] =>
    textsPerSecond.map((texts) => (texts * flopsPerText) / 1e9);
  const throughput: Measurement[] = [
    {
      what: `texts/s through SQL, ${label}, over the naive script (row by row, 77 tokens, fp32)`,
      unit: 'x',
      samples: ratios(sql, script),
      target: { atLeast: variant.overNaive },
      parts: { 'texts/s through SQL': sql, 'texts/s of the naive script': script },
      notes: [describeLengths(captions)],
    },
    {
      what: `texts/s through SQL, ${label}, over a perfect plan that drives onnxruntime directly`,
      unit: 'x',
      samples: ratios(sql, perfect),
      target: { atLeast: 0.9 },
      parts: { 'texts/s through SQL': sql, 'texts/s of the plan': perfect },
      notes: [`the plan: sorted by length, at most ${budget} tokens a run, ${bench.cores} processes of one thread`],
    },
  ];
  // The product is fp32's: beside int8 it would say nothing.
  if (label !== 'fp32') return throughput;
  const efficiency: Measurement = {
    what: 'model GFLOP/s of texts through SQL, fp32, over a plain large matrix product',
    unit: 'x',
    samples: ratios(gflopsOf(sql), gflops),
    target: { atLeast: 0.75 },
    parts: {
      'GFLOP/s through SQL': gflopsOf(sql),
      'GFLOP/s of the plan': gflopsOf(perfect),
      'GFLOP/s of the product': gflops,
    },
  };
  return [...throughput, efficiency];
}

/** Says how long captions are, in tokens with start and end of text. */
export function describeLengths(captions: readonly Caption[]): string {
  const lengths = captions.map(({ ids }) => ids.length);
  const at = (share: number): number => Math.round(quantile(lengths, share));
  const average = (sum(lengths) / lengths.length).toFixed(1);
  return `${captions.length} captions, tokens: mean ${average}, p5 ${at(0.05)}, p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, max ${at(1)}`;
}
