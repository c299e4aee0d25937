import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { toBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ModelProtoSchema } from '../../src/models/onnx-graph/onnx_pb.ts';
import type { OnnxModel } from '../../src/models/onnx-graph/read-onnx.ts';

export const exportedClipPath = fileURLToPath(new URL('../fixtures/exported-clip', import.meta.url));
export const emojiClipPath = fileURLToPath(new URL('../../models/emoji-clip', import.meta.url));

interface Recorded {
  readonly ids: number[][];
  readonly pixels: number[];
  readonly text: number[][];
  readonly vision: number[][];
}

/** What scripts/fixtures/exported-clip.py recorded from PyTorch. */
export const recorded: Recorded = JSON.parse(await readFile(`${exportedClipPath}/expected.json`, 'utf8'));

/** Makes the input of a text tower; rows must be of one length. */
export function idsFeed(rows: readonly (readonly number[])[]): Record<string, Tensor> {
  const ids = BigInt64Array.from(rows.flat(), BigInt);
  return { input_ids: new Tensor('int64', ids, [rows.length, rows[0]?.length ?? 0]) };
}

/** Makes the input of an image tower. */
export function pixelsFeed(pixels: readonly number[], size: number): Record<string, Tensor> {
  const values = Float32Array.from(pixels);
  return { pixel_values: new Tensor('float32', values, [values.length / (3 * size * size), 3, size, size]) };
}

/** Runs a graph on one thread and gives its first output. */
export async function runGraph(model: OnnxModel, ...feeds: Record<string, Tensor>[]): Promise<Float32Array[]> {
  const session = await InferenceSession.create(toBinary(ModelProtoSchema, model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  try {
    const results: Float32Array[] = [];
    for (const feed of feeds) {
      const output = Object.values(await session.run(feed))[0];
      if (!(output?.data instanceof Float32Array)) throw new TypeError('the graph answered no float32 tensor');
      results.push(output.data);
    }
    return results;
  } finally {
    await session.release();
  }
}

/** Gives the cosine between two vectors. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
    Array.from(x).reduce((sum, value, index) => sum + value * (y[index] ?? Number.NaN), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** A small generator of the same numbers in every run: whole numbers below `limit`. */
export function numbersBelow(limit: number, count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * limit);
  });
}
