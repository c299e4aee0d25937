import { resolve } from 'node:path';

import { runtimePaths, type RuntimePaths } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { openHome } from '../home/open-home.ts';
import { checkOptions, type OpenHostOptions } from './call-options.ts';
import { connect } from './host-request.ts';
import { ModelHost } from './model-host.ts';

/**
 * Connects to this user's model host, the one that SQL functions use: the same processes, cache and vectors. One is
 * started if there is none; it ends by itself after ten minutes without work.
 *
 * @example
 * const host = await openHost({ model: 'all-MiniLM-L6-v2' });
 * const { vectors, shape } = await host.encodeText(['a dog', 'a cat']);
 *
 * @throws EmbedhouseError `HOST_UNAVAILABLE` with the log's path if no host starts; `USAGE` for options that are none;
 *   `FILE_UNUSABLE` if the home folder cannot be made
 */
export async function openHost(options: OpenHostOptions = {}): Promise<ModelHost> {
  checkOptions('openHost', options);
  const { model = process.env['EMBEDHOUSE_MODEL'] || undefined, dtype, normalize, signal } = options;
  const paths = findRuntime(options.runtimePath);
  const modelsPath = await findModels(options.modelsPath);
  const socket = await connect(paths, signal ?? new AbortController().signal);
  socket.destroy();
  return new ModelHost({ paths, modelsPath, model, dtype, normalize });
}

function findRuntime(given: string | undefined): RuntimePaths {
  if (given === undefined) {
    return runtimePaths();
  }
  const paths = runtimePaths({ EMBEDHOUSE_RUNTIME: given });
  if (paths.folder !== resolve(given)) {
    throw new EmbedhouseError(
      'USAGE',
      `openHost: option runtimePath: ${given} is too long for a socket in it, whose path has at most 103 bytes`,
    );
  }
  return paths;
}

/** Finds the folder of models as the command line does. */
async function findModels(given: string | undefined): Promise<string> {
  const { EMBEDHOUSE_MODELS: models, EMBEDHOUSE_HOME: home } = process.env;
  const named = given || models;
  return named ? resolve(named) : (await openHome({ ...(home && { home }) })).modelsPath;
}
