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
  model: string;
  dtype: Dtype;
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
  model: z.string().optional(),
  dtype: z.enum(dtypes).default('fp32'),
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
    dtype: options.dtype,
    onError: options['on-error'],
    folder: hello.folder,
    imageFolders: imageFolders.map((folder) => resolve(hello.folder, folder)),
  };
}

function parseCommand(args: string[]): { functionName: string; options: z.infer<typeof optionsSchema> } {
  const usage =
    'expected in the definition’s <command>: embed FUNCTION --input text|image|image-bytes|model --format Native|RowBinary|TabSeparated [--chunk-header] [--model NAME] [--dtype fp32] [--on-error fail|zero] [--image-folders DIR:DIR]';
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
        dtype: string,
        'on-error': string,
        'image-folders': string,
      },
    });
    const [functionName] = z.tuple([z.string()], 'one function’s name is needed').parse(positionals);
    return { functionName, options: optionsSchema.parse(values) };
  } catch (error) {
    throw new EmbedhouseError('USAGE', `'embed ${args.join(' ')}': ${reasonOf(error)}; ${usage}`, { cause: error });
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
