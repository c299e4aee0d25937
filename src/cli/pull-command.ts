import { InvalidArgumentError, Option, type Command } from 'commander';
import prettyBytes from 'pretty-bytes';

import { checkOutputs } from '../models/check-outputs.ts';
import { type Dtype, dtypes as knownDtypes } from '../models/dtype.ts';
import { defaultHubUrl, parseHubUrl, parseToken } from '../models/hub/hub-access.ts';
import { pullModel, type PulledModel } from '../models/hub/pull-model.ts';
import { parseRepositoryName, shortNames } from '../models/hub/repository-name.ts';
import { openModelFolder } from '../models/model-folder.ts';
import { poolingDoubt } from '../models/pooling-doubt.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { PullProgress } from './show-pull-progress.ts';

interface PullFlags {
  dtype: Dtype[];
  revision: string;
  as?: string;
  hub: string;
  json?: true;
}

/** `embedhouse models pull`: gets a model from a hub. */
export function addPullCommand(models: Command): void {
  models
    .command('pull')
    .description('get a model from the hub, or go on where an earlier pull stopped')
    .argument('<name>', 'owner/name as on the hub, or a short name (below)')
    .addOption(
      new Option('--dtype <list>', 'variants, with commas between: fp32, fp16, q8, …')
        .argParser(parseDtypes)
        .default(['fp32'], 'fp32'),
    )
    .option('--revision <name>', 'branch, tag or commit', 'main')
    .option('--as <name>', "name of the model's folder (the last part of its name on the hub)")
    .addOption(new Option('--hub <url>', "the hub's address, or a mirror's").env('HF_ENDPOINT').default(defaultHubUrl))
    .option('--json', 'what was pulled as JSON')
    .addHelpText(
      'after',
      `
Short names:
${Object.entries(shortNames)
  .map(([short, repository]) => `  ${short.padEnd(24)} ${repository}`)
  .join('\n')}

Examples:
  embedhouse models pull clip-vit-base-patch32
  embedhouse models pull clip-vit-base-patch32 --dtype fp32,q8
  embedhouse models pull onnx-community/some-model --revision v1.0 --as mine

Only the files that embedhouse reads are pulled, and each is checked against the hub's digest. A pull that was interrupted
goes on where it stopped when it is run again; of a model that is there already, what it lacks is added. HF_TOKEN is sent
to the hub, for private and gated models; with HF_HUB_OFFLINE=1 nothing is.`,
    )
    .action(async (name: string, flags: PullFlags, command: Command) => {
      const { modelsPath } = await openHomeOf(command);
      const repository = parseRepositoryName(name);
      const hub = {
        url: parseHubUrl(flags.hub === '' ? defaultHubUrl : flags.hub),
        token: parseToken(process.env['HF_TOKEN']),
      };
      using progress = new PullProgress(process.stderr);
      const pulled = await interruptible(async (signal) =>
        pullModel({
          modelsPath,
          hub,
          isOffline: isTrue(process.env['HF_HUB_OFFLINE']),
          repository,
          revision: flags.revision,
          dtypes: flags.dtype,
          name: flags.as,
          signal,
          onEvent: progress.update,
        }),
      );
      progress[Symbol.dispose]();
      process.stdout.write(flags.json ? `${JSON.stringify(pulled)}\n` : `${describe(pulled)}\n`);
      const problem = await findProblem(modelsPath, pulled.name);
      if (problem !== undefined) {
        process.stderr.write(`${problem}\n`);
      }
    });
}

function parseDtypes(list: string): Dtype[] {
  const named = [...new Set(list.split(',').map((each) => each.trim()))];
  return named.map((each) => {
    const dtype = knownDtypes.find((known) => known === each);
    if (dtype === 'int8-row') {
      throw new InvalidArgumentError(
        "int8-row is not published; pull fp32, and make it with 'embedhouse models quantize'",
      );
    }
    if (dtype === undefined) {
      const pullable = knownDtypes.filter((known) => known !== 'int8-row');
      throw new InvalidArgumentError(`expected of ${pullable.join(', ')}, with commas between`);
    }
    return dtype;
  });
}

/** Hubs have models of many kinds. */
async function findProblem(modelsPath: string, name: string): Promise<string | undefined> {
  try {
    const folder = await openModelFolder(modelsPath, name);
    for (const dtype of folder.dtypes) {
      await checkOutputs(folder, dtype);
    }
    return poolingDoubt(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `It is as the hub has it, but cannot be used here: ${reason}`;
  }
}

/** As the hub's own clients read it. */
function isTrue(value: string | undefined): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes(value?.toUpperCase() ?? '');
}

function describe({ outcome, path, record }: PulledModel): string {
  const files = Object.values(record.files);
  const bytes = files.reduce((total, file) => total + file.bytes, 0);
  const what = `${record.repository} (commit ${record.commit.slice(0, 8)}, licence ${record.licence ?? 'not said'})`;
  const has = `${files.length} files, ${prettyBytes(bytes)}, ${record.dtypes.join(' ')}`;
  if (outcome === 'unchanged') {
    return `All of ${what} is in ${path} already: ${has}`;
  }
  return outcome === 'pulled' ? `Pulled ${what} to ${path}: ${has}` : `Added to ${what} in ${path}: now ${has}`;
}
