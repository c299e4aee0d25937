import { posix } from 'node:path';

import { z } from 'zod';

import { readJsonFile } from '../read-json-file.ts';
import type { Pooling } from '../text-spec.ts';
import { invalidField } from './invalid-field.ts';

/** What the files of sentence-transformers say; a folder without them says nothing. */
export interface SentenceModules {
  readonly pooling: Pooling | undefined;
  /** The file that says so, relative to the model folder. */
  readonly poolingFile: string | undefined;
  readonly normalize: boolean;
  readonly maxTokens: number | undefined;
  readonly lowerCase: boolean;
  readonly prompts: Readonly<Record<string, string>>;
  readonly defaultPrompt: string | undefined;
}

/** Modules that this project does by itself. */
const knownModules = /^sentence_transformers\.(?:.*\.)?(?<kind>Transformer|Pooling|Normalize)$/;
const modulesSchema = z.array(z.object({ path: z.string(), type: z.string() }));

const poolingFields = {
  pooling_mode_cls_token: 'cls',
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_max_tokens: 'max',
  pooling_mode_lasttoken: 'last',
} as const;
const poolingSchema = z.record(z.string(), z.unknown());
const namesSchema = z.union([z.string().transform((name) => [name]), z.array(z.string())]);

const transformerSchema = z.object({
  max_seq_length: z.number().int().positive().nullish(),
  do_lower_case: z.boolean().nullish(),
});

const promptsSchema = z.object({
  prompts: z.record(z.string(), z.string()).nullish(),
  default_prompt_name: z.string().nullish(),
});

/**
 * Reads what sentence-transformers wrote beside a model: `modules.json`, the configuration of its pooling module,
 * `sentence_*_config.json` and `config_sentence_transformers.json`, as far as they are among `files`.
 *
 * @throws MODEL_INVALID naming file and field.
 * @see https://github.com/UKPLab/sentence-transformers (models/Pooling.py, models/Transformer.py)
 */
export async function readSentenceModules(folderPath: string, files: ReadonlySet<string>): Promise<SentenceModules> {
  const modules = files.has('modules.json') ? await readJsonFile(folderPath, 'modules.json', modulesSchema) : [];
  const kinds = modules.map(({ type }) => knownModules.exec(type)?.groups?.['kind']);
  const pooling = modules.find((_, index) => kinds[index] === 'Pooling');
  const transformerFile = [...files].find((file) => /^sentence_[\w-]+_config\.json$/.test(file));
  const transformer = transformerFile ? await readJsonFile(folderPath, transformerFile, transformerSchema) : {};
  const promptsFile = 'config_sentence_transformers.json';
  const prompts = files.has(promptsFile) ? await readJsonFile(folderPath, promptsFile, promptsSchema) : {};
  const poolingFile = pooling && posix.join(pooling.path, 'config.json');
  if (poolingFile !== undefined && !files.has(poolingFile)) {
    throw invalidField(
      folderPath,
      'modules.json',
      `the pooling is described by ${poolingFile}, which the folder does not have; copy it there from where the model came from`,
    );
  }
  const ownPooling = poolingFile && (await readPooling(folderPath, poolingFile, prompts.prompts ?? {}));
  return {
    // What other modules do only a graph can, which was exported with them.
    pooling: kinds.includes(undefined) ? 'graph' : ownPooling || undefined,
    poolingFile,
    normalize: kinds.includes('Normalize'),
    maxTokens: transformer.max_seq_length ?? undefined,
    lowerCase: transformer.do_lower_case ?? false,
    prompts: prompts.prompts ?? {},
    defaultPrompt: prompts.default_prompt_name ?? undefined,
  };
}

async function readPooling(
  folderPath: string,
  file: string,
  prompts: Readonly<Record<string, string>>,
): Promise<Pooling> {
  const config = await readJsonFile(folderPath, file, poolingSchema);
  const modes = Object.entries(config)
    .filter(([field, value]) => field.startsWith('pooling_mode_') && value === true)
    .map(([field]) => field);
  // Newer versions write one name, or a list of names, instead of a flag for each mode.
  const named = namesSchema.safeParse(config['pooling_mode']).data;
  const known = new Map<string, Pooling>([
    ...Object.entries(poolingFields),
    ['cls', 'cls'],
    ['mean', 'mean'],
    ['max', 'max'],
    ['lasttoken', 'last'],
  ]);
  const [mode, ...others] = named ?? modes;
  const pooling = known.get(mode ?? '');
  if (pooling === undefined || others.length > 0) {
    const what =
      mode === undefined ? 'no pooling_mode_ field is true' : `${[mode, ...others].join(' and ')} is asked for`;
    throw invalidField(
      folderPath,
      file,
      `${what}, but one of ${Object.keys(poolingFields).join(', ')} was expected; choose another model`,
    );
  }
  if (config['include_prompt'] === false && Object.values(prompts).some((prompt) => prompt !== '')) {
    throw invalidField(
      folderPath,
      file,
      'field include_prompt is false: pooling that leaves the prompt out is not known; choose another model',
    );
  }
  return pooling;
}
