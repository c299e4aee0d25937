import type { Command } from 'commander';
import prettyBytes from 'pretty-bytes';

import { nameOrigin, type Origin, readOrigin } from '../models/hub/read-origin.ts';
import { pullCommandFor } from '../models/hub/repository-name.ts';
import { type BrokenModelFolder, listModelFolders, type ModelFolder } from '../models/model-folder.ts';
import { readInt8RowReport } from '../models/read-int8-row-report.ts';
import { currentModel, openHomeOf } from './home-options.ts';
import { printTable } from './print-table.ts';
import { shorten } from './shorten.ts';

/** Of a table where no terminal says. */
const usualWidth = 120;
/** However narrow the terminal is. */
const minOriginWidth = 20;

/** `embedhouse models list`: what is installed. */
export function addListCommand(models: Command): void {
  models
    .command('list')
    .description('list the installed models, and which one functions use that name none')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const { modelsPath } = await openHomeOf(command);
      const current = currentModel();
      const found = await listModelFolders(modelsPath);
      const listed = await Promise.all(found.map(async (folder) => addFacts(folder, current)));
      if (json) {
        process.stdout.write(`${JSON.stringify(listed)}\n`);
        return;
      }
      const usable = listed.filter((folder): folder is Listed<ModelFolder> => !('problem' in folder));
      if (usable.length > 0) {
        printModels(usable);
      }
      for (const folder of listed) {
        if ('problem' in folder) {
          process.stdout.write(`${folder.name}  unusable: ${folder.problem}\n`);
        }
      }
      if (!listed.some(({ name }) => name === current)) {
        process.stderr.write(
          `The default model ${current} is not installed: get it with '${pullCommandFor(current)}', or name an installed one with --model NAME or EMBEDHOUSE_MODEL.\n`,
        );
      }
    });
}

type Listed<Folder> = Folder & { readonly isDefault: boolean; readonly pulled?: Origin };

async function addFacts(
  folder: ModelFolder | BrokenModelFolder,
  current: string,
): Promise<Listed<ModelFolder> | Listed<BrokenModelFolder>> {
  const isDefault = folder.name === current;
  const [pulled, int8Row] = await Promise.all([readOrigin(folder), readInt8RowReport(folder)]);
  return { ...folder, ...(int8Row && { int8Row }), ...(pulled && { pulled }), isDefault };
}

function printModels(models: readonly Listed<ModelFolder>[]): void {
  const head = ['name', 'kind', 'floats', 'tokens', 'image', 'dtypes', 'size'];
  const rows = models.map(({ name, kind, dimensions, text, image, dtypes, sizeBytes }) => [
    name,
    kind,
    String(dimensions),
    text === undefined ? '-' : String(text.maxTokens),
    image === undefined ? '-' : String(image.size),
    dtypes.join(' '),
    prettyBytes(sizeBytes),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  // Two blanks between columns.
  const taken = [...widths, 'default'.length].reduce((sum, width) => sum + width + 2, 0);
  const left = Math.max(minOriginWidth, (process.stdout.columns ?? usualWidth) - taken);
  printTable(
    [...head, 'from', 'default'],
    rows.map((row, index) => {
      const model = models[index];
      const origin = model === undefined ? '' : nameOrigin(model, model.pulled);
      return [...row, shorten(origin, left), model?.isDefault ? 'default' : ''];
    }),
  );
}
