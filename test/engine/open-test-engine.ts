import { fileURLToPath } from 'node:url';
import { openEmbeddedEngine, type EmbeddedEngineOptions } from '../../src/engine/embedded-engine.ts';
import type { Engine, QueryOptions } from '../../src/engine/engine.ts';

export const scriptsFolder = fileURLToPath(new URL('../fixtures/engine-scripts', import.meta.url));

/** An engine on a temporary data folder with the functions of `test/fixtures/engine-scripts`. */
export async function openTestEngine(options: Partial<EmbeddedEngineOptions> = {}): Promise<Engine> {
  return openEmbeddedEngine({
    dataPath: ':memory:',
    functionsPath: `${scriptsFolder}/functions`,
    userScriptsPath: `${scriptsFolder}/user_scripts`,
    ...options,
  });
}

/** The whole result as text. */
export async function read(engine: Engine, sql: string, options?: QueryOptions): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of engine.stream(sql, options)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
