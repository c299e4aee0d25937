/**
 * The program that prepares one tower's graph and ends: preparing takes several times the memory of the weights, which
 * a process gives back whole. Arguments: the graph's path, the folder to prepare it in.
 */
import { prepareGraph } from '../models/prepared-graph.ts';

const [, , towerPath = '', folder = ''] = process.argv;
try {
  await prepareGraph(towerPath, folder);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
