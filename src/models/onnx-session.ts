import { InferenceSession, Tensor } from 'onnxruntime-node';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { decodeFloat16 } from './decode-float16.ts';

/** An input or output of a graph; a dimension that is not fixed is a name instead of a number. */
export interface GraphValue {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** One tensor to feed: its values in row-major order, and its shape. 16-bit floats are given as their bits. */
export interface Feed {
  readonly data: BigInt64Array | Float32Array | Uint16Array;
  readonly shape: readonly number[];
}

export interface OnnxSessionOptions {
  /** Threads that one run may use. */
  readonly threads: number;
  /** Whether the file was written by `saveOptimizedGraph`. @default false */
  readonly isOptimized?: boolean;
  /** The graph's bytes where it is not the whole file's. @default those of the file */
  readonly bytes?: Uint8Array;
}

/**
 * How long threads look for more work before they sleep. Onnxruntime's own time is over 30 ms, in which they take their
 * cores from whoever asked for a vector, to search a table with it; within a run 0.1 ms is enough.
 */
const spinDurationUs = 300;
// Its errors are thrown as well, so they need not be printed.
const logSeverityLevel = 4;

/**
 * One loaded graph. A run occupies the calling thread until it is done, so a session belongs in a process that has
 * nothing else to answer.
 */
export class OnnxSession {
  readonly path: string;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly #session: InferenceSession;
  #closed: Promise<void> | undefined;

  private constructor(path: string, session: InferenceSession) {
    this.path = path;
    this.#session = session;
    this.inputs = session.inputMetadata.map(toGraphValue);
    this.outputs = session.outputMetadata.map(toGraphValue);
  }

  /**
   * Loads a graph from an `.onnx` file, with the external data beside it if it has any.
   *
   * @throws MODEL_INVALID when onnxruntime cannot load the file.
   */
  static async open(path: string, { threads, isOptimized = false, bytes }: OnnxSessionOptions): Promise<OnnxSession> {
    const session = await create(path, bytes ?? path, {
      executionMode: 'sequential',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: isOptimized ? 'disabled' : 'all',
      logSeverityLevel,
      extra: { session: { intra_op: { spin_duration_us: String(spinDurationUs) } } },
    });
    return new OnnxSession(path, session);
  }

  /**
   * Computes one output, in row-major order, and checks that it has the shape expected: `any` stands for every length,
   * and further axes of length 1 do not matter.
   *
   * @throws MODEL_INVALID when the graph fails or answers another shape or type.
   */
  async run(
    feeds: ReadonlyMap<string, Feed>,
    output: string,
    shape: readonly (number | 'any')[],
  ): Promise<Float32Array> {
    const tensors: Record<string, Tensor> = {};
    for (const [name, { data, shape: dims }] of feeds) tensors[name] = toTensor(data, dims);
    const result = await this.#compute(tensors, output);
    const values = floatsOf(result);
    if (values === undefined || !hasShape(result.dims, shape)) {
      throw new EmbedhouseError(
        'MODEL_INVALID',
        `${this.path}: output ${output} is ${result.type} of shape [${result.dims.join(', ')}] where float32 of shape [${shape.join(', ')}] was expected; check what config.json says about the model's size, or choose another dtype`,
      );
    }
    return values;
  }

  /** Releases the graph; more calls do nothing. */
  close(): Promise<void> {
    this.#closed ??= this.#session.release();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #compute(tensors: Record<string, Tensor>, output: string): Promise<Tensor> {
    try {
      const result = (await this.#session.run(tensors, [output]))[output];
      if (result instanceof Tensor) return result;
    } catch (cause) {
      throw new EmbedhouseError(
        'MODEL_INVALID',
        `${this.path} failed in onnxruntime (${firstLine(cause)}); choose another dtype, or copy the file again from where the model came from`,
        {
          cause,
        },
      );
    }
    throw new EmbedhouseError('MODEL_INVALID', `${this.path}: output ${output} is not a tensor; choose another file`);
  }
}

/**
 * Writes a graph as onnxruntime runs it on this machine: operators fused, and weights packed, in a data file that
 * sessions map into memory.
 *
 * @throws MODEL_INVALID when onnxruntime cannot load the file, or cannot write the other.
 * @see https://onnxruntime.ai/docs/api/c/struct_ort_api.html (session options by their keys)
 */
export async function saveOptimizedGraph(path: string, target: string, dataFile: string): Promise<void> {
  const session = await create(path, path, {
    intraOpNumThreads: 1,
    logSeverityLevel,
    optimizedModelFilePath: target,
    extra: {
      session: {
        optimized_model_external_initializers_file_name: dataFile,
        optimized_model_external_initializers_min_size_in_bytes: '1024',
        save_external_prepacked_constant_initializers: '1',
      },
    },
  });
  await session.release();
}

async function create(
  path: string,
  source: string | Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  try {
    // Two signatures of one function.
    return await (typeof source === 'string'
      ? InferenceSession.create(source, options)
      : InferenceSession.create(source, options));
  } catch (cause) {
    throw new EmbedhouseError(
      'MODEL_INVALID',
      `${path} cannot be loaded by onnxruntime (${firstLine(cause)}); copy the file again from where the model came from`,
      { cause },
    );
  }
}

function toTensor(data: Feed['data'], dims: readonly number[]): Tensor {
  return data instanceof Uint16Array ? new Tensor('float16', data, dims) : new Tensor(data, dims);
}

/** Some fp16 exports answer in 16 bits. */
function floatsOf({ type, data }: Tensor): Float32Array | undefined {
  if (type === 'float16' && data instanceof Uint16Array) return decodeFloat16(data);
  return data instanceof Float32Array ? data : undefined;
}

function hasShape(dims: readonly number[], shape: readonly (number | 'any')[]): boolean {
  return (
    dims.length >= shape.length && dims.every((length, axis) => shape[axis] === 'any' || length === (shape[axis] ?? 1))
  );
}

function toGraphValue(value: InferenceSession.ValueMetadata): GraphValue {
  return value.isTensor
    ? { name: value.name, type: value.type, shape: value.shape }
    : { name: value.name, type: 'not a tensor', shape: [] };
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? '';
}
