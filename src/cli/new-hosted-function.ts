import { join, relative } from 'node:path';

import type { Command } from 'commander';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { readVocabulary } from '../engine/read-vocabulary.ts';
import { requireCallable } from '../engine/require-callable.ts';
import { findScriptFault } from '../functions/check-script.ts';
import { createFunctionFile } from '../functions/create-file.ts';
import { renderHostedFunction } from '../functions/render-hosted-function.ts';
import { requireFreeName } from '../functions/require-free-name.ts';
import type { ErrorPolicy } from '../host/function-call.ts';
import { type PlannedFunction, planFunction } from '../host/plan-function.ts';
import type { HostedChoices } from '../host/write-command.ts';
import { checkOutputs } from '../models/check-outputs.ts';
import type { Dtype } from '../models/dtype.ts';
import { openModelFolder } from '../models/model-folder.ts';
import { poolingDoubt } from '../models/pooling-doubt.ts';
import type { Home } from '../home/open-home.ts';
import { packagePath } from '../home/package-path.ts';
import { currentModel, givenPathFlags, openHomeOf, quoteForShell } from './home-options.ts';
import { openScratchEngine, searchPath } from './open-checked-engine.ts';
import { reportNewFile } from './report-new-file.ts';

export interface HostedFlags {
  input?: HostedChoices['input'];
  dtype?: Dtype;
  normalize?: true;
  prompt?: string;
  onError: ErrorPolicy;
  json?: true;
}

/** Writes the file of a function that runs an installed model, and says how to try it. */
export async function newHostedFunction(name: string, flags: HostedFlags, command: Command): Promise<void> {
  const home = await openHomeOf(command);
  const folder = await openModelFolder(home.modelsPath, currentModel());
  const planned = planFunction(folder, { name, ...flags });
  await checkOutputs(folder, planned.choices.dtype);
  await requireBridge(home, planned.command);
  await using engine = await openScratchEngine(home);
  await requireFreeName(name, { functionsPath: home.functionsPath, vocabulary: await readVocabulary(engine) });
  await requireCallable(engine, name);
  const file = await createFunctionFile(home.functionsPath, name, renderHostedFunction({ name, ...planned }));
  await reportNewFile(file, home, engine);
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
