import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Whether a file holds weights of a graph, both named from the same folder: `x.onnx_data`, of large models also
 * `x.onnx_data_1` and so on, or `x.onnx.data`, as exporters name them.
 */
export function isDataOf(graph: string, file: string): boolean {
  return file.startsWith(graph) && /^(?:_data(?:_\d+)?|\.data)$/.test(file.slice(graph.length));
}

/** Lists the files of a graph: its own, and those of its weights where they are apart. */
export async function listGraphFiles(graphPath: string): Promise<string[]> {
  const name = basename(graphPath);
  const beside = await readdir(dirname(graphPath));
  const data = beside.filter((file) => isDataOf(name, file));
  return [graphPath, ...data.toSorted().map((file) => join(dirname(graphPath), file))];
}

/** Adds up the sizes of a graph's files. */
export async function countGraphBytes(graphPath: string): Promise<number> {
  const sizes = await Promise.all((await listGraphFiles(graphPath)).map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
