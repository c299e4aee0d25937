import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { elementBytes } from './data-type.ts';
import { type GraphProto, type ModelProto, ModelProtoSchema, type TensorProto } from './onnx_pb.ts';

/** A model whose graph is there, and whose weights are all in memory. */
export type OnnxModel = ModelProto & { readonly graph: GraphProto };

/**
 * Reads an `.onnx` file with the external data beside it, if it has any. The tensors of a file without external data
 * are views of the file's bytes, so a model takes its own size in memory once.
 *
 * @throws MODEL_INVALID when a file is missing, cut off or not ONNX, or its external data lies outside its folder.
 */
export async function readOnnx(path: string): Promise<OnnxModel> {
  const model = parse(path, await readBytes(path));
  await using files = new DataFiles(path);
  for (const tensor of model.graph.initializer) {
    if (tensor.dataLocation === 1) await files.load(tensor);
    checkSize(path, tensor);
  }
  return model;
}

/**
 * Names the outputs of a graph, without its weights that are apart.
 *
 * @throws MODEL_INVALID when the file is missing, cut off or not ONNX.
 */
export async function readOutputNames(path: string): Promise<string[]> {
  return parse(path, await readBytes(path)).graph.output.map(({ name }) => name);
}

function parse(path: string, bytes: Uint8Array): OnnxModel {
  try {
    const model = fromBinary(ModelProtoSchema, bytes);
    const { graph } = model;
    if (graph !== undefined && graph.node.length > 0) return Object.assign(model, { graph });
  } catch (cause) {
    throw invalid(path, `is cut off or not an ONNX file (${describe(cause)})`, cause);
  }
  throw invalid(path, 'holds no graph');
}

function checkSize(path: string, { name, dims, dataType, rawData }: TensorProto): void {
  const bytes = elementBytes[dataType];
  if (rawData.length === 0 || bytes === undefined) return;
  const expected = dims.reduce((product, dim) => product * Number(dim), bytes);
  if (rawData.length === expected) return;
  throw invalid(path, `has ${rawData.length} bytes for its weight ${name} where its shape wants ${expected}`);
}

/** The files beside a graph that hold weights, opened once each. */
class DataFiles implements AsyncDisposable {
  readonly #path: string;
  readonly #open = new Map<string, FileHandle>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Replaces what a tensor says about where its values are by the values. */
  async load(tensor: TensorProto): Promise<void> {
    const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
    const location = normalize(entries.get('location') ?? '');
    if (location === '.' || isAbsolute(location) || location.startsWith('..')) {
      throw invalid(this.#path, `wants its weight ${tensor.name} from '${location}', which is not beside it`);
    }
    const offset = Number(entries.get('offset') ?? 0);
    const file = await this.#file(location);
    const length = Number(entries.get('length') ?? (await file.stat()).size - offset);
    const { size } = await file.stat();
    if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
      throw invalid(
        join(dirname(this.#path), location),
        `is cut off: weight ${tensor.name} ends at byte ${offset + length} of ${size}`,
      );
    }
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw invalid(join(dirname(this.#path), location), 'was cut off while it was read');
      done += bytesRead;
    }
    tensor.rawData = bytes;
    tensor.externalData = [];
    tensor.dataLocation = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#open.values()) await file.close();
  }

  async #file(location: string): Promise<FileHandle> {
    const known = this.#open.get(location);
    if (known !== undefined) return known;
    const path = join(dirname(this.#path), location);
    try {
      const file = await open(path, 'r');
      this.#open.set(location, file);
      return file;
    } catch (cause) {
      throw invalid(this.#path, `needs ${path}, which cannot be read (${describe(cause)})`, cause);
    }
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw invalid(path, `cannot be read (${describe(cause)})`, cause);
  }
}

function invalid(path: string, what: string, cause?: unknown): EmbedhouseError {
  return new EmbedhouseError('MODEL_INVALID', `${path} ${what}; copy the file again from where the model came from`, {
    cause,
  });
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
