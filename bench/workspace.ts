import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { defineHosted, hostedFunctions } from './functions.ts';
import { bridgePath, cachePath } from './repository-path.ts';

/** A home folder of the benchmark's own, with a runtime folder (the host's socket) that nothing else uses. */
export interface Workspace extends AsyncDisposable {
  readonly path: string;
  readonly functionsPath: string;
  readonly userScriptsPath: string;
  readonly runtimePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Makes the folder; its disposal removes it. Nothing that was started in it may run by then. */
export async function makeWorkspace(modelsPath: string, model: string): Promise<Workspace> {
  // Not under os.tmpdir(), whose path may be too long for a socket.
  const path = await mkdtemp('/tmp/ehb-');
  const inside = (name: string): string => join(path, name);
  const workspace = {
    path,
    functionsPath: inside('functions'),
    userScriptsPath: inside('user_scripts'),
    runtimePath: inside('run'),
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: inside('home'),
      TMPDIR: inside('tmp'),
      EMBEDHOUSE_HOME: path,
      EMBEDHOUSE_DATA: ':memory:',
      EMBEDHOUSE_RUNTIME: inside('run'),
      EMBEDHOUSE_MODELS: modelsPath,
      EMBEDHOUSE_MODEL: model,
      // Preparing the graphs is once for a machine, and no part of any figure.
      EMBEDHOUSE_GRAPHS: join(cachePath, 'graphs'),
      ORT_DISABLE_TELEMETRY: '1',
    },
    [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
  for (const folder of ['functions', 'user_scripts', 'home', 'tmp']) await mkdir(inside(folder));
  await symlink(bridgePath, join(workspace.userScriptsPath, 'embed'));
  for (const hosted of hostedFunctions) {
    await writeFile(join(workspace.functionsPath, `${hosted.name}_function.xml`), defineHosted(hosted, model));
  }
  return workspace;
}
