import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository; found by its package.json, because the compiled benchmark lies deeper in it than its sources. */
export const repositoryPath = findRepository(dirname(fileURLToPath(import.meta.url)));

/** What the benchmark makes once and keeps: the model and the pictures. Ignored by git. */
export const cachePath = join(repositoryPath, 'bench/.cache');

/** The built programs that are measured. */
export const programPath = join(repositoryPath, 'dist/cli/main.js');
export const bridgePath = join(repositoryPath, 'dist/bridge/embed.js');

function findRepository(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findRepository(dirname(folder));
}
