import { multipliesInt8Exactly } from './multiplies-int8-exactly.ts';
import { poolEarly } from './onnx-graph/pool-early.ts';
import { readOnnx } from './onnx-graph/read-onnx.ts';
import { signWeights } from './onnx-graph/sign-weights.ts';
import { writeOnnx } from './onnx-graph/write-onnx.ts';

/**
 * Rewrites a published graph so that its vectors are computed sooner: the last layer for the row that is pooled only
 * (vectors then agree to rounding), and unsigned 8-bit weights as signed ones (bit for bit the same). Writes it to `target`
 * and answers that path, or the published one where nothing is to be gained.
 *
 * @throws MODEL_INVALID when the file is no ONNX graph
 * @throws FILE_UNUSABLE when `target` cannot be written
 */
export async function rewriteGraph(towerPath: string, target: string): Promise<string> {
  const published = await readOnnx(towerPath);
  const signed = (await multipliesInt8Exactly()) ? signWeights(published) : published;
  const rewritten = poolEarly(signed);
  if (rewritten === published) {
    return towerPath;
  }
  await writeOnnx(target, rewritten, { externalData: true });
  return target;
}
