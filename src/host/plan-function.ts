import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Dtype } from '../models/dtype.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { findPrompt } from './find-prompt.ts';
import type { ErrorPolicy } from './function-call.ts';
import { type HostedChoices, isCommandWord, writeCommand } from './write-command.ts';

/** What a user wants of a new function. */
export interface WantedFunction {
  readonly name: string;
  /** @default 'text' where the model embeds texts, else 'image' */
  readonly input?: HostedChoices['input'] | undefined;
  /** @default 'fp32' */
  readonly dtype?: Dtype | undefined;
  /** Whether each vector is given the length 1. @default false */
  readonly normalize?: boolean | undefined;
  /** The name of one of the model's prompts, or `none`. @default the model's own default */
  readonly prompt?: string | undefined;
  /** @default 'fail' */
  readonly onError?: ErrorPolicy | undefined;
}

/** A function that the host can serve, ready to be written down. */
export interface PlannedFunction {
  readonly choices: HostedChoices;
  /** Its `<command>`. */
  readonly command: string;
  /** What its argument is called. */
  readonly argument: string;
  /** Whether the same value always has the same vector; the file behind a path can change. */
  readonly isDeterministic: boolean;
  /** One or two sentences on what it gives. */
  readonly description: string;
  /** Length of its vectors. */
  readonly dimensions: number;
  /** SQL that calls it. */
  readonly example: string;
}

const inputs = {
  text: { argument: 'text', thing: 'a text', example: (name: string) => `SELECT length(${name}('a dog'))` },
  image: { argument: 'path', thing: 'an image file', example: (name: string) => `SELECT length(${name}('photo.jpg'))` },
  'image-bytes': {
    argument: 'bytes',
    thing: "an image file's content",
    example: (name: string) => `SELECT length(${name}(raw_blob)) FROM file('photo.jpg', RawBLOB)`,
  },
} as const;

/**
 * Plans a function that runs the model, and checks that the model can do what is wanted.
 *
 * @throws USAGE when it lacks the tower, the dtype or the prompt, or the prompt's name cannot stand in a `<command>`.
 */
export function planFunction(folder: ModelFolder, wanted: WantedFunction): PlannedFunction {
  const { name, dtype = 'fp32', normalize = false, prompt, onError = 'fail' } = wanted;
  const input = wanted.input ?? (folder.text ? 'text' : 'image');
  requireTower(folder, input);
  requireDtype(folder, dtype);
  if (prompt !== undefined) requirePrompt(folder, input, prompt);
  const choices = { functionName: name, input, model: folder.name, dtype, normalize, prompt, onError };
  const { argument, thing, example } = inputs[input];
  const hasLengthOne = normalize || (input === 'text' && folder.text?.normalize === true);
  const description = [
    `${name}(${argument}): the embedding of ${thing} by the model ${folder.name} in ${dtype}, ${folder.dimensions} floats${hasLengthOne ? ' of length 1' : ''}.`,
    ...(prompt === undefined || prompt === 'none' ? [] : [`The model's prompt '${prompt}' goes before each text.`]),
    ...(onError === 'zero' ? ['A bad row becomes a vector of zeros.'] : []),
  ].join(' ');
  return {
    choices,
    command: writeCommand(choices),
    argument,
    isDeterministic: input !== 'image',
    description,
    dimensions: folder.dimensions,
    example: example(name),
  };
}

function requireTower(folder: ModelFolder, input: HostedChoices['input']): void {
  if (input === 'text' ? folder.text : folder.image) return;
  const [has, lacks, other] = input === 'text' ? ['images', 'texts', 'image'] : ['texts', 'images', 'text'];
  throw new EmbedhouseError(
    'USAGE',
    `model '${folder.name}' embeds ${has} only, no ${lacks}; choose --input ${other}, or another --model`,
  );
}

function requireDtype({ name, dtypes }: ModelFolder, dtype: Dtype): void {
  if (dtypes.includes(dtype)) return;
  const way =
    dtype === 'int8-row'
      ? `make the files with 'embedhouse models quantize ${name}'`
      : `pull the model again with 'embedhouse models pull ... --dtype ${dtype}'`;
  throw new EmbedhouseError(
    'USAGE',
    `model '${name}' has no ${dtype} files, only ${dtypes.join(', ')}; choose one of these with --dtype, or ${way}`,
  );
}

function requirePrompt(folder: ModelFolder, input: HostedChoices['input'], prompt: string): void {
  if (input !== 'text') {
    throw new EmbedhouseError('USAGE', `--prompt ${prompt} goes before texts, and not with --input ${input}`);
  }
  findPrompt(folder, prompt);
  if (isCommandWord(prompt)) return;
  throw new EmbedhouseError(
    'USAGE',
    `the name of the prompt '${prompt}' cannot stand in a function's <command>, which ClickHouse takes apart at blanks; rename it in config_sentence_transformers.json of model '${folder.name}'`,
  );
}
