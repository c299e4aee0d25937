import { isAbsolute, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import * as z from 'zod';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { dtypes, type Dtype } from '../models/dtype.ts';
import { vectorFormatNames, type VectorFormatName } from '../formats/vector-format.ts';

/** What a hosted function takes: a text, an image file's path, or its bytes; or what is asked about its model. */
export type InputKind = 'text' | 'image' | 'image-bytes' | 'model';

/** What a bad row does to its query: ends it, or becomes a zero vector. */
export type ErrorPolicy = 'fail' | 'zero';

/** One hosted function as its definition's `<command>` describes it. */
export interface FunctionCall {
  functionName: string;
  input: InputKind;
  format: VectorFormatName;
  chunkHeader: boolean;
  modelsPath: string;
  /** The model of all rows; of a function with a model argument that of none. */
  model: string;
  /** Whether the first of two arguments names the model of each row. */
  modelArgument: boolean;
  dtype: Dtype;
  /** Whether each vector is given the length 1, whatever the model does. */
  normalize: boolean;
  /** Which of the model's prompts goes before each text; undefined: its default one, `none`: none. */
  prompt: string | undefined;
  onError: ErrorPolicy;
  /** Relative image paths start here: the folder of the process that calls the function. */
  folder: string;
  /** If not empty, image files must lie in one of these. */
  imageFolders: string[];
}

/** The model of functions that name none, where no `--model` and no `EMBEDHOUSE_MODEL` says otherwise. */
export const defaultModel = 'clip-vit-base-patch32';

const absolutePath = z.string().refine(isAbsolute);

/** The bridge's first line; see `BridgeHello`. */
export const helloSchema = z.object({
  protocol: z.number(),
  arguments: z.array(z.string()),
  folder: absolutePath,
  modelsPath: absolutePath,
  model: z.string().optional(),
  imageFolders: z.string().optional(),
});

const optionsSchema = z.object({
  input: z.enum(['text', 'image', 'image-bytes', 'model']),
  format: z.enum(vectorFormatNames),
  'chunk-header': z.boolean().default(false),
  model: z.string().min(1).optional(),
  'model-argument': z.boolean().default(false),
  dtype: z.enum(dtypes).default('fp32'),
  normalize: z.boolean().default(false),
  prompt: z.string().optional(),
  'on-error': z.enum(['fail', 'zero']).default('fail'),
  'image-folders': z.string().optional(),
});

/**
 * Reads what a bridge said about the function it stands for.
 * @throws USAGE if the definition's `<command>` is not one that the host knows
 */
export function readFunctionCall(hello: z.infer<typeof helloSchema>): FunctionCall {
  const { functionName, options } = parseCommand(hello.arguments);
  const imageFolders = (options['image-folders'] ?? hello.imageFolders ?? '').split(':').filter(Boolean);
  return {
    functionName,
    input: options.input,
    format: options.format,
    chunkHeader: options['chunk-header'],
    modelsPath: hello.modelsPath,
    model: options.model ?? hello.model ?? defaultModel,
    modelArgument: options['model-argument'],
    dtype: options.dtype,
    normalize: options.normalize,
    prompt: options.prompt,
    onError: options['on-error'],
    folder: hello.folder,
    imageFolders: imageFolders.map((folder) => resolve(hello.folder, folder)),
  };
}

/** The words of a `<command>` that the host knows. */
export const commandUsage =
  'embed FUNCTION --input text|image|image-bytes|model --format Native|RowBinary|TabSeparated [--chunk-header] [--model NAME | --model-argument] [--dtype fp32] [--normalize] [--prompt NAME] [--on-error fail|zero] [--image-folders DIR:DIR]';

/** Takes the words of a `<command>` behind `embed` apart. @throws USAGE if the host does not know them */
export function parseCommand(args: string[]): { functionName: string; options: z.infer<typeof optionsSchema> } {
  try {
    const string = { type: 'string' } as const;
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        input: string,
        format: string,
        'chunk-header': { type: 'boolean' },
        model: string,
        'model-argument': { type: 'boolean' },
        dtype: string,
        normalize: { type: 'boolean' },
        prompt: string,
        'on-error': string,
        'image-folders': string,
      },
    });
    const [functionName] = z.tuple([z.string()], 'one function’s name is needed').parse(positionals);
    const options = optionsSchema.parse(values);
    if (options['model-argument'] && (options.model !== undefined || options.input === 'model')) {
      throw new TypeError('--model-argument goes neither with --model nor with --input model');
    }
    return { functionName, options };
  } catch (error) {
    throw new EmbedhouseError(
      'USAGE',
      `'embed ${args.join(' ')}': ${reasonOf(error)}; expected in the definition’s <command>: ${commandUsage}`,
      { cause: error },
    );
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues
      .map(({ path, message }) => (path.length > 0 ? `--${path.join('')}: ${message}` : message))
      .join('; ');
  }
  // Node appends advice about arguments that begin with a dash, which none of a function's does.
  return error instanceof Error ? error.message.replace(/\. To specify .*/s, '') : String(error);
}
