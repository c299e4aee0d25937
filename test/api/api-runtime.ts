import { mainProgram, TestRuntime } from '../host/hosted-function.ts';

/**
 * A runtime folder of its own for the model host, and this process's environment set to it, so that `openHost()` finds the
 * host, the models and the built program there.
 */
export class ApiRuntime extends TestRuntime {
  constructor(env: NodeJS.ProcessEnv = {}) {
    super({ EMBEDHOUSE_HOST_PROGRAM: mainProgram, ...env });
    for (const [name, value] of Object.entries(this.env)) {
      if (name.startsWith('EMBEDHOUSE_')) {
        process.env[name] = value;
      }
    }
  }
}

/** The rows of embeddings. */
export function rowsOf({ vectors, shape: [rows, dimensions] }: { vectors: Float32Array; shape: [number, number] }) {
  return Array.from({ length: rows }, (_, row) => [...vectors.subarray(row * dimensions, (row + 1) * dimensions)]);
}
