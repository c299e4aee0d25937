import { open, readFile, rename, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { fromBinary, toBinary } from '@bufbuild/protobuf';

import { ModelProtoSchema, type StringStringEntryProto } from './onnx-graph/onnx_pb.ts';

/** The widest vector registers want their packed weights so; onnxruntime maps the file at a page's beginning. */
const alignment = 64;
const maxCopyBytes = 16 * 1024 * 1024;

/** Where something is in the data file, and how to say where it is now. */
interface Segment {
  offset: number;
  length: number;
  moveTo: (offset: number) => void;
}

/**
 * Moves the weights in the data file of a graph that onnxruntime saved to multiples of 64 bytes. It puts packed weights
 * wherever the one before ends, but crashes on some processors where that is no such multiple.
 *
 * @see https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/framework/tensor_external_data_info.cc
 */
export async function alignWeights(graphPath: string, dataFile: string): Promise<void> {
  const model = fromBinary(ModelProtoSchema, await readFile(graphPath));
  const segments = (model.graph?.initializer ?? []).flatMap(({ externalData }) => segmentsOf(externalData));
  if (segments.every(({ offset }) => offset % alignment === 0)) {
    return;
  }
  const dataPath = join(dirname(graphPath), dataFile);
  await using source = await open(dataPath, 'r');
  await using target = await open(`${dataPath}.aligned`, 'w');
  let end = 0;
  for (const { offset, length, moveTo } of segments) {
    await copy(source, offset, target, end, length);
    moveTo(end);
    end += Math.ceil(length / alignment) * alignment;
  }
  await writeFile(graphPath, toBinary(ModelProtoSchema, model));
  await rename(`${dataPath}.aligned`, dataPath);
}

/** The weight itself, and the forms it is packed in: `prepacked_0` is `name|offset;length;…`, with more behind `|`. */
function segmentsOf(entries: readonly StringStringEntryProto[]): Segment[] {
  const offset = entries.find(({ key }) => key === 'offset');
  const length = entries.find(({ key }) => key === 'length');
  if (offset === undefined || length === undefined) {
    return [];
  }
  const plain = {
    offset: Number(offset.value),
    length: Number(length.value),
    moveTo: (to: number) => {
      offset.value = String(to);
    },
  };
  return [plain, ...entries.filter(({ key }) => key.startsWith('prepacked_')).flatMap(packedSegmentsOf)];
}

function packedSegmentsOf(entry: StringStringEntryProto): Segment[] {
  const parts = entry.value.split('|');
  return parts.slice(1).map((part, index) => {
    const [offset, length, ...rest] = part.split(';');
    return {
      offset: Number(offset),
      length: Number(length),
      moveTo: (to: number) => {
        parts[index + 1] = [to, length, ...rest].join(';');
        entry.value = parts.join('|');
      },
    };
  });
}

async function copy(source: FileHandle, from: number, target: FileHandle, to: number, length: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(length, maxCopyBytes));
  for (let done = 0; done < length;) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, length - done), from + done);
    if (bytesRead === 0) {
      throw new Error('the prepared weights end too early: is the disk full?');
    }
    await target.write(buffer, 0, bytesRead, to + done);
    done += bytesRead;
  }
}
