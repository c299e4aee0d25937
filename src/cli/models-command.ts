import { existsSync } from 'node:fs';

import type { Command } from 'commander';
import prettyBytes from 'pretty-bytes';

import { defaultModel } from '../host/function-call.ts';
import { listModelFolders } from '../models/model-folder.ts';
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
      if (json) {
        process.stdout.write(
          `${JSON.stringify(folders.map((folder) => ({ ...folder, isDefault: folder.name === current })))}\n`,
        );
        return;
      }
      printTable(
        ['name', 'kind', 'dimensions', 'precision', 'size', 'from', 'default'],
        folders.map((folder) =>
          'problem' in folder
            ? [folder.name, 'unusable', '', '', '', folder.problem, '']
            : [
                folder.name,
                folder.kind,
                String(folder.dimensions),
                folder.precisions.join(' '),
                prettyBytes(folder.sizeBytes),
                folder.source,
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
}
