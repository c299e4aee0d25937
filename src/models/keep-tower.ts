import { type ModelFolder, type Tower, towerPath } from './model-folder.ts';
import type { Dtype } from './dtype.ts';
import { keepOutput } from './onnx-graph/keep-output.ts';
import type { OnnxModel } from './onnx-graph/read-onnx.ts';
import { chooseOutput } from './tower-output.ts';

/**
 * Leaves of a published graph what one tower's vectors need: of a file with both towers that is one of them. A graph that
 * needs all it has comes back as it was.
 *
 * @throws MODEL_INVALID naming the outputs that the graph has instead.
 */
export function keepTower(published: OnnxModel, folder: ModelFolder, tower: Tower, dtype: Dtype): OnnxModel {
  const outputs = published.graph.output.map(({ name }) => ({ name, type: 'tensor' }));
  return keepOutput(published, chooseOutput(folder, tower, towerPath(folder, tower, dtype), outputs).name);
}
