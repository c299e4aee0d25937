import type { Command } from 'commander';
import type { SingleBar } from 'cli-progress';

import { openModelFolder } from '../models/model-folder.ts';
import type { Agreement } from '../models/agreement.ts';
import type { QuantizeProgress } from '../models/quantize-model.ts';
import { isTelling } from '../models/read-int8-row-report.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { parseCount } from './parse-number.ts';
import { printTable } from './print-table.ts';
import { createProgressBar } from './progress-bar.ts';

interface QuantizeFlags {
  texts: number;
  images: number;
  json?: true;
}

/** `embedhouse models quantize`: makes a model's int8-row variant. */
export function addQuantizeCommand(models: Command): void {
  models
    .command('quantize')
    .description('make the variant int8-row from the fp32 files, and compare it with them')
    .argument('<name>', 'the model')
    .option('--texts <n>', 'texts to compare', parseCount, 3000)
    .option('--images <n>', 'images to compare', parseCount, 1000)
    .option('--json', 'the comparison as JSON')
    .addHelpText(
      'after',
      `
Vectors of int8-row are computed about three times as fast as those of fp32 and, unlike those of published int8 files,
do not depend on what else is in the batch. A function takes them with --dtype int8-row in its <command>. Vectors of the
two must not mix in a table: the model then has another encode_text_model('id').`,
    )
    .action(async (name: string, flags: QuantizeFlags, command: Command) => {
      const { modelsPath } = await openHomeOf(command);
      // It loads onnxruntime, which no other command needs, and which would report its use to its maker.
      process.env['ORT_DISABLE_TELEMETRY'] = '1';
      const { quantizeModel } = await import('../models/quantize-model.ts');
      const folder = await openModelFolder(modelsPath, name);
      using progress = new QuantizeProgressBar();
      const report = await interruptible(async (signal) =>
        quantizeModel(folder, {
          signal,
          sample: { texts: flags.texts, images: flags.images },
          onProgress: progress.update,
        }),
      );
      progress[Symbol.dispose]();
      if (flags.json) {
        process.stdout.write(`${JSON.stringify(report)}\n`);
        return;
      }
      printTable(
        ['int8-row beside fp32', 'compared', 'mean cosine', '1st percentile', 'recall@10'],
        [row('texts', report.texts), row('images', report.images)],
      );
      if (!isTelling(folder, report.texts) || !isTelling(folder, report.images)) {
        process.stderr.write(
          'This model has random weights, or tells its inputs hardly apart: the recall says nothing.\n',
        );
      }
    });
}

function row(what: string, { count, meanCosine, p1Cosine, recallAt10 }: Agreement): string[] {
  return [what, String(count), meanCosine.toFixed(5), p1Cosine.toFixed(5), recallAt10.toFixed(3)];
}

/** Shows on a terminal which step is under way, and how far; elsewhere nothing. */
class QuantizeProgressBar implements Disposable {
  #bar: SingleBar | undefined;

  readonly update = ({ step, done, total }: QuantizeProgress): void => {
    if (!process.stderr.isTTY) {
      return;
    }
    if (this.#bar === undefined) {
      this.#bar = createProgressBar(process.stderr, '{step} {bar} {value} of {total}');
      this.#bar.start(total, done, { step });
    }
    this.#bar.setTotal(total);
    this.#bar.update(done, { step: step.padEnd('compare images'.length) });
  };

  [Symbol.dispose](): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
