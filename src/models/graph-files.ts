import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Lists the files of a graph: its own, and those of its weights where they are apart, as exporters name them. */
export async function listGraphFiles(graphPath: string): Promise<string[]> {
  const name = basename(graphPath);
  const beside = await readdir(dirname(graphPath));
  const data = beside.filter((file) => file.startsWith(`${name}_data`) || file === `${name}.data`);
  return [graphPath, ...data.toSorted().map((file) => join(dirname(graphPath), file))];
}

/** Adds up the sizes of a graph's files. */
export async function countGraphBytes(graphPath: string): Promise<number> {
  const sizes = await Promise.all((await listGraphFiles(graphPath)).map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
