import type { Dtype } from './dtype.ts';
import { type ModelFolder, towerPath, towersOf } from './model-folder.ts';
import { readOutputNames } from './onnx-graph/read-onnx.ts';
import { chooseOutput } from './tower-output.ts';

/**
 * Checks that a model's graphs give what vectors are made of; exports for other tasks, classification for instance, do not.
 * Reads the graphs, which takes a second for a large model.
 *
 * @throws MODEL_INVALID naming the outputs that a graph has instead.
 */
export async function checkOutputs(folder: ModelFolder, dtype: Dtype): Promise<void> {
  for (const tower of towersOf(folder)) {
    const path = towerPath(folder, tower, dtype);
    const outputs = (await readOutputNames(path)).map((name) => ({ name, type: 'tensor' }));
    chooseOutput(folder, tower, path, outputs);
  }
}
