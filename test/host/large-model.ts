import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { readOnnx } from '../../src/models/onnx-graph/read-onnx.ts';
import { writeOnnx } from '../../src/models/onnx-graph/write-onnx.ts';
import { fixturesPath } from './hosted-function.ts';

/** The vectors of this recorded model, which large ones give too. */
export const smallModel = 'tiny-bert-mean';

/**
 * Makes a model that takes so much memory and gives the vectors of `tiny-bert-mean`: its table of word vectors has rows
 * that no word has.
 */
export async function makeLargeModel(modelsPath: string, name: string, bytes: number): Promise<void> {
  await cp(join(fixturesPath, smallModel), join(modelsPath, name), { recursive: true });
  const path = join(modelsPath, name, 'onnx/model.onnx');
  const model = await readOnnx(path);
  const table = model.graph.initializer.find((tensor) => tensor.name.endsWith('word_embeddings.weight'));
  if (table === undefined) {
    throw new Error(`${path} has no table of word vectors`);
  }
  const width = Number(table.dims[1]);
  const rows = Math.floor(bytes / (4 * width));
  const values = new Uint8Array(rows * width * 4).fill(1);
  values.set(table.rawData);
  table.rawData = values;
  table.dims = [BigInt(rows), BigInt(width)];
  await writeOnnx(path, model, { externalData: false });
}
