import { join, resolve } from 'node:path';

import { Option } from 'commander';
import envPaths from 'env-paths';

const defaultGraphsPath = join(envPaths('embedhouse', { suffix: '' }).cache, 'graphs');

/** The flag that says where the host keeps models as this machine runs them best. */
export function graphsOption(): Option {
  return new Option('--graphs <folder>', 'where models are kept as this machine runs them best')
    .env('EMBEDHOUSE_GRAPHS')
    .default(defaultGraphsPath);
}

/** Where a host that starts on demand keeps them. */
export function currentGraphsPath(): string {
  return resolve(process.env['EMBEDHOUSE_GRAPHS'] ?? defaultGraphsPath);
}
