import type { Dtype } from './dtype.ts';
import { keepTower } from './keep-tower.ts';
import { type ModelFolder, type Tower, towerPath } from './model-folder.ts';
import { multipliesInt8Exactly } from './multiplies-int8-exactly.ts';
import { poolEarly } from './onnx-graph/pool-early.ts';
import { readOnnx } from './onnx-graph/read-onnx.ts';
import { signWeights } from './onnx-graph/sign-weights.ts';
import { writeOnnx } from './onnx-graph/write-onnx.ts';

/**
 * Rewrites a published graph so that a tower's vectors are computed sooner: without what they do not need, the last layer
 * for the row that is pooled only (vectors then agree to rounding), and unsigned 8-bit weights as signed ones (bit for bit
 * the same). Writes it to `target` and answers that path, or the published one where nothing is to be gained.
 *
 * @throws MODEL_INVALID when the file is no ONNX graph
 * @throws FILE_UNUSABLE when `target` cannot be written
 */
export async function rewriteGraph(folder: ModelFolder, tower: Tower, dtype: Dtype, target: string): Promise<string> {
  const path = towerPath(folder, tower, dtype);
  const published = await readOnnx(path);
  const needed = keepTower(published, folder, tower, dtype);
  const signed = (await multipliesInt8Exactly()) ? signWeights(needed) : needed;
  const rewritten = poolEarly(signed);
  if (rewritten === published) {
    return path;
  }
  await writeOnnx(target, rewritten, { externalData: true });
  return target;
}
