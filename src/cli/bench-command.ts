import { resolve } from 'node:path';

import type { SingleBar } from 'cli-progress';
import { Option, type Command } from 'commander';

import type { MeasureStep, ModelMeasured } from '../measure/measure-model.ts';
import type { RowsMeasured } from '../measure/measure-rows.ts';
import { dtypes, type Dtype } from '../models/dtype.ts';
import { openModelFolder } from '../models/model-folder.ts';
import { graphsOption } from './graphs-path.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { parseCount, parsePositive } from './parse-number.ts';
import { printTable } from './print-table.ts';
import { createProgressBar } from './progress-bar.ts';

interface BenchFlags {
  dtype: Dtype;
  texts: number;
  images: number;
  seconds: number;
  graphs: string;
  json?: true;
}

/** `embedhouse models bench`: how fast a model is on this machine. */
export function addBenchCommand(models: Command): void {
  models
    .command('bench')
    .description('measure how many texts and images a model embeds in a second on this machine')
    .argument('<name>', 'the model')
    .addOption(new Option('--dtype <dtype>', 'variant').choices(dtypes).default('fp32'))
    .option('--texts <n>', 'distinct texts at most', parseCount, 2000)
    .option('--images <n>', 'distinct images at most', parseCount, 200)
    .option('--seconds <s>', 'how long each of the measurements takes, about', parsePositive, 5)
    .addOption(graphsOption())
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
A host of its own, without a cache, embeds names of emoji in many languages, and drawings of 256 × 256 pixels: longer
texts take longer. Loading is told, not counted. ClickHouse and the bridge are not in it; what else runs on the machine is.`,
    )
    .action(async (name: string, flags: BenchFlags, command: Command) => {
      const { modelsPath } = await openHomeOf(command);
      const folder = await openModelFolder(modelsPath, name);
      // It loads sharp, which no other command needs.
      const { measureModel } = await import('../measure/measure-model.ts');
      using progress = new BenchProgress();
      const measured = await interruptible(async (signal) =>
        measureModel(folder, {
          modelsPath,
          graphsPath: resolve(flags.graphs),
          dtype: flags.dtype,
          sample: { texts: flags.texts, images: flags.images },
          seconds: flags.seconds,
          signal,
          onStep: progress.update,
        }),
      );
      progress[Symbol.dispose]();
      if (flags.json) {
        process.stdout.write(`${JSON.stringify(measured)}\n`);
      } else {
        printMeasured(measured);
      }
    });
}

function printMeasured({ dtype, threads, texts, images }: ModelMeasured): void {
  const row = (what: string, rows: RowsMeasured, tokensPerSecond: string): string[] => [
    what,
    dtype,
    String(threads),
    `${Math.round(rows.loadMs)} ms`,
    rows.msAlone.toFixed(2),
    String(rows.bulkRows),
    rows.bulkRowsPerSecond.toFixed(1),
    tokensPerSecond,
  ];
  printTable(
    ['what', 'dtype', 'threads', 'loaded in', 'ms alone', 'rows in bulk', 'rows/s', 'tokens/s'],
    [
      ...(texts ? [row('texts', texts, texts.bulkTokensPerSecond.toFixed(0))] : []),
      ...(images ? [row('images', images, '')] : []),
    ],
  );
}

const tickMs = 100;

/** Shows on a terminal which step is under way, and for how long; elsewhere nothing. */
class BenchProgress implements Disposable {
  #bar: SingleBar | undefined;
  #timer: NodeJS.Timeout | undefined;

  readonly update = (step: MeasureStep): void => {
    if (!process.stderr.isTTY) {
      return;
    }
    this[Symbol.dispose]();
    const bar = createProgressBar(process.stderr, '{step}, {seconds} s');
    const startedAt = performance.now();
    const seconds = (): string => ((performance.now() - startedAt) / 1000).toFixed(1);
    bar.start(1, 0, { step, seconds: seconds() });
    this.#timer = setInterval(() => bar.update(0, { step, seconds: seconds() }), tickMs);
    this.#bar = bar;
  };

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
