import * as z from 'zod';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { dtypes, type Dtype } from '../models/dtype.ts';

/** Which vectors are wanted. */
export interface ModelOptions {
  /**
   * The model's folder name, such as `all-MiniLM-L6-v2`.
   * @default that of `openHost`; there `EMBEDHOUSE_MODEL`, else `clip-vit-base-patch32`
   */
  model?: string | undefined;
  /**
   * The variant of the model's files: `fp32`, `fp16`, `int8-row`, `q8`, … Vectors of two variants must not be mixed.
   * @default that of `openHost`; there `fp32`
   */
  dtype?: Dtype | undefined;
  /**
   * Gives each vector the length 1, whatever the model does.
   * @default that of `openHost`; there `false`
   */
  normalize?: boolean | undefined;
}

export interface OpenHostOptions extends ModelOptions {
  /**
   * The folder of the models' folders.
   * @default `EMBEDHOUSE_MODELS`, else `models` in the home folder: that of `EMBEDHOUSE_HOME`, else the current folder if
   * it holds `functions`, else the user's data folder, as for the command line
   */
  modelsPath?: string | undefined;
  /**
   * The folder of the host's socket and log. Its path must leave the socket's under 104 bytes.
   * @default where SQL functions look: `EMBEDHOUSE_RUNTIME`, else a folder of this user's own
   */
  runtimePath?: string | undefined;
  /** Gives up waiting for the host to start; the host starts all the same. @default none */
  signal?: AbortSignal | undefined;
}

/** What each call can say. */
export interface EncodeOptions extends ModelOptions {
  /**
   * What a bad row does: `fail` rejects the call, `zero` gives the row a zero vector, which `status()` counts in
   * `rows.zeroed`.
   * @default `fail`
   */
  onError?: 'fail' | 'zero' | undefined;
  /** Rejects the call with the signal's reason, and drops what is not computed yet. @default none */
  signal?: AbortSignal | undefined;
}

export interface EncodeTextOptions extends EncodeOptions {
  /**
   * The name of the model's prompt that goes before each text, or `none`.
   * @default the model's default prompt, if it has one
   */
  prompt?: string | undefined;
}

export interface DescribeOptions extends Pick<ModelOptions, 'model' | 'dtype'> {
  /** Rejects the call with the signal's reason. @default none */
  signal?: AbortSignal | undefined;
}

const signal = z.instanceof(AbortSignal, { error: 'expected an AbortSignal' }).optional();
const model = { model: z.string().min(1).optional(), dtype: z.enum(dtypes).optional() };
const normalize = z.boolean().optional();
const encode = { ...model, normalize, signal, onError: z.enum(['fail', 'zero']).optional() };

/** What each function takes: whatever else is given is a mistake. */
const schemas = {
  openHost: z.strictObject({
    ...model,
    normalize,
    signal,
    modelsPath: z.string().min(1).optional(),
    runtimePath: z.string().min(1).optional(),
  }),
  encodeText: z.strictObject({ ...encode, prompt: z.string().optional() }),
  encodeImage: z.strictObject(encode),
  describeModel: z.strictObject({ ...model, signal }),
} as const;

/** @throws USAGE if the options are not what their type says, naming the first that is not */
export function checkOptions(functionName: keyof typeof schemas, options: unknown): void {
  const checked = schemas[functionName].safeParse(options);
  if (!checked.success) {
    const { path = [], message = '' } = checked.error.issues[0] ?? {};
    const where = path.length > 0 ? `option ${path.join('.')}: ` : 'options: ';
    throw new EmbedhouseError('USAGE', `${functionName}: ${where}${message}`);
  }
}
