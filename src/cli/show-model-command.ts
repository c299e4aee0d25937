import type { Command } from 'commander';

import { runtimePaths } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { didYouMean } from '../functions/closest-name.ts';
import { readFunctionFiles } from '../functions/read-definitions.ts';
import { readHostStatus } from '../host/host-client.ts';
import { reportModel } from '../host/report-model.ts';
import { pullCommandFor } from '../models/hub/repository-name.ts';
import { listModelFolders, openModelFolder } from '../models/model-folder.ts';
import { describeReport } from './describe-report.ts';
import { currentGraphsPath } from './graphs-path.ts';
import { currentModel, openHomeOf } from './home-options.ts';
import { printTable } from './print-table.ts';

interface ShowFlags {
  digests?: true;
  json?: true;
}

/** `embedhouse models show`: all about one model. */
export function addShowCommand(models: Command): void {
  models
    .command('show')
    .description('show what a model is, takes and gives, where it came from, and which functions run it')
    .argument('<name>', 'the model')
    .option('--digests', 'the digest of each variant, not of the first alone; reads all of the files')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
The id is what encode_text_model('id') answers: kept beside vectors, it tells which model and variant they are of.

Examples:
  embedhouse models show emoji-clip
  embedhouse models show emoji-clip --digests --json`,
    )
    .action(async (name: string, flags: ShowFlags, command: Command) => {
      const { modelsPath, functionsPath } = await openHomeOf(command);
      await requireInstalled(modelsPath, name);
      const folder = await openModelFolder(modelsPath, name);
      const { definitions } = await readFunctionFiles(functionsPath);
      const report = await reportModel(folder, {
        graphsPath: currentGraphsPath(),
        // What is loaded is said where a host can be asked; it is no reason to fail.
        status: await readHostStatus(runtimePaths()).catch(() => undefined),
        definitions,
        defaultModel: currentModel(),
        digests: folder.dtypes.slice(0, flags.digests ? undefined : 1),
      });
      if (flags.json) {
        process.stdout.write(`${JSON.stringify(report)}\n`);
      } else {
        printTable(['', ''], describeReport(report));
      }
    });
}

/** @throws MODEL_NOT_INSTALLED with the names that there are */
async function requireInstalled(modelsPath: string, name: string): Promise<void> {
  const names = (await listModelFolders(modelsPath)).map((folder) => folder.name);
  if (names.includes(name)) {
    return;
  }
  const known = didYouMean(name, names) || `installed are ${names.join(', ')}`;
  const hint = names.length === 0 ? `none is installed: '${pullCommandFor(name)}' gets it` : known;
  throw new EmbedhouseError('MODEL_NOT_INSTALLED', `there is no model '${name}' in ${modelsPath}; ${hint}`);
}
