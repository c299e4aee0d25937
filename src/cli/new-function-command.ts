import { join, relative } from 'node:path';

import { Option, type Command } from 'commander';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { readVocabulary } from '../engine/read-vocabulary.ts';
import { findScriptFault } from '../functions/check-script.ts';
import { createFunctionFile } from '../functions/create-function-file.ts';
import { formatProblem } from '../functions/format-problem.ts';
import { renderHostedFunction } from '../functions/render-hosted-function.ts';
import { requireFreeName } from '../functions/require-free-name.ts';
import type { ErrorPolicy } from '../host/function-call.ts';
import { type PlannedFunction, planFunction } from '../host/plan-function.ts';
import type { HostedChoices } from '../host/write-command.ts';
import { checkOutputs } from '../models/check-outputs.ts';
import { type Dtype, dtypes } from '../models/dtype.ts';
import { openModelFolder } from '../models/model-folder.ts';
import { poolingDoubt } from '../models/pooling-doubt.ts';
import { type Home, packagePath } from '../home/open-home.ts';
import { currentModel, givenPathFlags, openHomeOf, quoteForShell } from './home-options.ts';
import { checkHomeFunctions, openScratchEngine, searchPath } from './open-checked-engine.ts';

interface NewFlags {
  input?: HostedChoices['input'];
  dtype?: Dtype;
  normalize?: true;
  prompt?: string;
  onError: ErrorPolicy;
  json?: true;
}

/** `embedhouse functions new`: writes the file of a function. */
export function addNewFunctionCommand(functions: Command): void {
  functions
    .command('new')
    .description('write the file of a function that runs an installed model, the one that --model names or the default')
    .argument('<name>', 'what SQL calls the function')
    .addOption(
      new Option(
        '--input <kind>',
        'what it takes: a text, the path of an image file, or its bytes (text, else image)',
      ).choices(['text', 'image', 'image-bytes']),
    )
    .addOption(new Option('--dtype <dtype>', "the variant of the model's files (fp32)").choices(dtypes))
    .option('--normalize', 'give each vector the length 1, whatever the model does')
    .option('--prompt <name>', "which of the model's prompts goes before each text, or none (the model's default)")
    .addOption(new Option('--on-error <what>', 'what a bad row does').choices(['fail', 'zero']).default('fail'))
    .option('--json', 'what was written as JSON')
    .addHelpText(
      'after',
      `
The file names the model, so that the function's vectors stay those of one model whatever the default is.

Examples:
  embedhouse functions new encode_minilm --model all-MiniLM-L6-v2
  embedhouse functions new encode_emoji --model emoji-clip --input image --normalize`,
    )
    .action(async (name: string, flags: NewFlags, command: Command) => {
      const home = await openHomeOf(command);
      const folder = await openModelFolder(home.modelsPath, currentModel());
      const planned = planFunction(folder, { name, ...flags });
      await checkOutputs(folder, planned.choices.dtype);
      await requireBridge(home, planned.command);
      await using engine = await openScratchEngine(home);
      await requireFreeName(name, { functionsPath: home.functionsPath, vocabulary: await readVocabulary(engine) });
      const file = await createFunctionFile(home.functionsPath, name, renderHostedFunction({ name, ...planned }));
      const { problems } = await checkHomeFunctions(home, engine);
      for (const problem of problems.filter((each) => each.file === file)) {
        process.stderr.write(`embedhouse: ${formatProblem(problem, { relativeTo: process.cwd() })}\n`);
        process.exitCode = 1;
      }
      const doubt = poolingDoubt(folder);
      if (doubt !== undefined) {
        process.stderr.write(`${doubt}\n`);
      }
      if (flags.json) {
        const { functionName: _, ...choices } = planned.choices;
        const { command: written, dimensions, example } = planned;
        process.stdout.write(`${JSON.stringify({ name, file, ...choices, dimensions, command: written, example })}\n`);
      } else {
        process.stdout.write(`${describe(file, planned, givenPathFlags(command))}\n`);
      }
    });
}

/** @throws FILE_UNUSABLE when ClickHouse could not start the bridge */
async function requireBridge({ userScriptsPath }: Home, command: string): Promise<void> {
  const fault = await findScriptFault(command, { userScriptsPath, searchPath });
  if (fault) {
    const [bridge, folder] = [join(packagePath, 'dist/bridge/embed.js'), userScriptsPath].map(quoteForShell);
    throw new EmbedhouseError(
      'FILE_UNUSABLE',
      `${fault.message}, and it is what leads from ClickHouse to the model host; link it there with: mkdir -p ${folder} && ln -sf ${bridge} ${folder}/embed`,
    );
  }
}

function describe(file: string, { choices, argument, dimensions, example }: PlannedFunction, flags: string): string {
  const { functionName, model, dtype } = choices;
  return [
    `Wrote ${relative(process.cwd(), file)}: ${functionName}(${argument} String) Array(Float32), ${dimensions} floats of ${model} in ${dtype}`,
    `Try it:       embedhouse query ${flags}"${example}"`,
    `Vector index: INDEX … TYPE vector_similarity('hnsw', 'cosineDistance', ${dimensions})`,
  ].join('\n');
}
