import { existsSync } from 'node:fs';

import type { Command } from 'commander';
import prettyBytes from 'pretty-bytes';

import { defaultModel } from '../host/function-call.ts';
import { listModelFolders, type ModelFolder } from '../models/model-folder.ts';
import type { Int8RowReport } from '../models/quantize-model.ts';
import { isTelling, readInt8RowReport } from '../models/read-int8-row-report.ts';
import { addBenchCommand } from './bench-command.ts';
import { addPullCommand } from './pull-command.ts';
import { addQuantizeCommand } from './quantize-command.ts';
import { addRemoveCommand } from './remove-command.ts';
import { addVerifyCommand } from './verify-command.ts';
import { openHomeOf } from './home-options.ts';
import { printTable } from './print-table.ts';

/** `embedhouse models`: the model folders. */
export function addModelsCommand(program: Command): void {
  const models = program.command('models').description('the model folders');
  models
    .command('list')
    .description('list the installed models, and which one functions use that name none')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const { modelsPath } = await openHomeOf(command);
      const current = process.env['EMBEDHOUSE_MODEL'] ?? defaultModel;
      const folders = existsSync(modelsPath) ? await listModelFolders(modelsPath) : [];
      const reports = await Promise.all(folders.map(async (folder) => readInt8RowReport(folder)));
      if (json) {
        const listed = folders.map((folder, index) => ({
          ...folder,
          ...(reports[index] && { int8Row: reports[index] }),
          isDefault: folder.name === current,
        }));
        process.stdout.write(`${JSON.stringify(listed)}\n`);
        return;
      }
      printTable(
        ['name', 'kind', 'dimensions', 'dtype', 'size', 'from', 'int8-row recall@10', 'default'],
        folders.map((folder, index) =>
          'problem' in folder
            ? [folder.name, 'unusable', '', '', '', folder.problem, '', '']
            : [
                folder.name,
                folder.kind,
                String(folder.dimensions),
                folder.dtypes.join(' '),
                prettyBytes(folder.sizeBytes),
                folder.source,
                showRecall(folder, reports[index]),
                folder.name === current ? 'default' : '',
              ],
        ),
      );
      if (!folders.some(({ name }) => name === current)) {
        process.stderr.write(
          `The default model ${current} is not installed: copy its folder to ${modelsPath}/${current}, or name an installed one with --model NAME or EMBEDHOUSE_MODEL.\n`,
        );
      }
    });
  addPullCommand(models);
  addVerifyCommand(models);
  addRemoveCommand(models);
  addQuantizeCommand(models);
  addBenchCommand(models);
}

/** How many of fp32's nearest neighbours int8-row finds, as it was measured when it was made. */
function showRecall(folder: ModelFolder, report: Int8RowReport | undefined): string {
  if (report === undefined) {
    return '';
  }
  const [texts, images] = [report.texts, report.images].map((agreement) =>
    isTelling(folder, agreement) ? agreement.recallAt10.toFixed(3) : 'says nothing',
  );
  return `texts ${texts}, images ${images}`;
}
