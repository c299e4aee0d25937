/**
 * The program that prepares one tower's graph and ends: preparing takes several times the memory of the weights, which
 * a process gives back whole. Arguments: the folder of models, the model's name, the tower, its dtype, and the folder to
 * prepare its graph in.
 */
import { openModelFolder } from '../models/model-folder.ts';
import type { Dtype } from '../models/dtype.ts';
import { prepareGraph } from '../models/prepare-graph.ts';

const [, , modelsPath = '', name = '', tower, dtype, folder = ''] = process.argv;
try {
  await prepareGraph(
    {
      model: await openModelFolder(modelsPath, name),
      tower: tower === 'text' ? 'text' : 'vision',
      // The host names one that the model has.
      dtype: dtype as Dtype,
    },
    folder,
  );
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
