import { join, resolve } from 'node:path';

import envPaths from 'env-paths';

/** Where the host keeps models as this machine runs them best, unless it is told otherwise. */
export const defaultGraphsPath = join(envPaths('embedhouse', { suffix: '' }).cache, 'graphs');

/** Where a host that starts on demand keeps them. */
export function currentGraphsPath(): string {
  return resolve(process.env['EMBEDHOUSE_GRAPHS'] ?? defaultGraphsPath);
}
