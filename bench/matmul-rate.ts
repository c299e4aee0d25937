import type { Bench } from './bench.ts';
import { matmulShape } from './model/matmul-graph.ts';
import { ModelProcesses } from './processes/model-process.ts';
import { sum } from './statistics.ts';

const durationMs = 1500;

/** A plain matrix product in the runtime, in as many one-thread processes as cores at once. */
export class MatmulRate implements AsyncDisposable {
  readonly #processes: ModelProcesses;

  private constructor(processes: ModelProcesses) {
    this.#processes = processes;
  }

  static async open(bench: Bench): Promise<MatmulRate> {
    return new MatmulRate(await ModelProcesses.open(bench, bench.model.matmulPath));
  }

  /** GFLOP/s of all processes together. */
  async measure(): Promise<number> {
    const { rows, inner, columns } = matmulShape;
    const answers = await this.#processes.all({ type: 'matmul', durationMs });
    const flops = 2 * rows * inner * columns;
    return sum(answers.map(({ runs, elapsedMs }) => (runs * flops) / (elapsedMs * 1e6)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processes[Symbol.asyncDispose]();
  }
}
