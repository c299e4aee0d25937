import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { flush } from '../flush.ts';
import { copyOf } from './copy-of.ts';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from './onnx_pb.ts';
import type { OnnxModel } from './read-onnx.ts';

export interface WriteOnnxOptions {
  /**
   * Whether weights of 1 kB and more go to one file beside the graph, each at a multiple of 4 096 bytes: onnxruntime
   * then maps them instead of reading them.
   */
  readonly externalData: boolean;
  /**
   * The name that the graph has for that file, in its own folder.
   * @default the graph's name and `_data`
   */
  readonly dataFile?: string;
  /** Stops the writing; nothing is left behind. */
  readonly signal?: AbortSignal;
}

const externalBytes = 1024;
const alignment = 4096;

/**
 * Writes a model to `path` so that readers find all of it or nothing, whatever stops the writing.
 *
 * @throws FILE_UNUSABLE when it cannot be written; nothing is left behind.
 * @throws the signal's reason when that stops it.
 */
export async function writeOnnx(path: string, model: OnnxModel, options: WriteOnnxOptions): Promise<void> {
  const suffix = `.${randomUUID()}.part`;
  const dataPath = join(dirname(path), options.dataFile ?? `${basename(path)}_data`);
  try {
    const written: OnnxModel = options.externalData
      ? await writeData(`${dataPath}${suffix}`, dataPath, model, options)
      : model;
    await writeFlushed(`${path}${suffix}`, (file) => writeAll(file, serializeOnnx(written), 0));
    // In this order no graph ever stands beside the data of another.
    await rm(path, { force: true });
    await (options.externalData ? rename(`${dataPath}${suffix}`, dataPath) : rm(dataPath, { force: true }));
    await rename(`${path}${suffix}`, path);
    await flush(dirname(path));
  } catch (cause) {
    await Promise.all([path, dataPath].map((file) => rm(`${file}${suffix}`, { force: true })));
    throw options.signal?.aborted ? cause : unwritable(path, cause);
  }
}

/** Gives the bytes of a model's file, weights and all; a file has at most 2 GiB. */
export function serializeOnnx(model: OnnxModel): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}

/** Writes the large weights to a file, and gives the model that finds them there. */
async function writeData(
  temporaryPath: string,
  dataPath: string,
  model: OnnxModel,
  { signal }: WriteOnnxOptions,
): Promise<OnnxModel> {
  const initializer: TensorProto[] = [];
  await writeFlushed(temporaryPath, async (file) => {
    let end = 0;
    for (const tensor of model.graph.initializer) {
      signal?.throwIfAborted();
      const { length } = tensor.rawData;
      if (length < externalBytes) {
        initializer.push(tensor);
        continue;
      }
      const offset = Math.ceil(end / alignment) * alignment;
      await writeAll(file, tensor.rawData, offset);
      initializer.push(pointTo(tensor, { location: basename(dataPath), offset, length }));
      end = offset + length;
    }
  });
  const graph = copyOf(GraphProtoSchema, model.graph, { initializer });
  return Object.assign(copyOf(ModelProtoSchema, model, {}), { graph });
}

function pointTo(
  { name, dims, dataType }: TensorProto,
  place: Readonly<Record<'location' | 'offset' | 'length', string | number>>,
): TensorProto {
  const externalData = Object.entries(place).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value: String(value) }),
  );
  return create(TensorProtoSchema, { name, dims, dataType, externalData, dataLocation: 1 });
}

async function writeFlushed(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

function unwritable(path: string, cause: unknown): EmbedhouseError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EmbedhouseError(
    'FILE_UNUSABLE',
    `${path} cannot be written (${reason}); free space there or make its folder writable, and try again`,
    { cause },
  );
}
