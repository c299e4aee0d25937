import type { Bench } from '../bench.ts';
import { Child } from './child.ts';
import type { ModelReply, ModelRequest } from './model-messages.ts';

export type ModelProcess = Child<ModelRequest, ModelReply>;

/** Starts a process with one graph open; without `threads` the runtime takes its default. */
export async function openModelProcess(bench: Bench, path: string, threads?: number): Promise<ModelProcess> {
  const child: ModelProcess = new Child({ program: 'model-process-main', env: bench.env, signal: bench.signal });
  try {
    await child.request({ type: 'open', path, ...(threads === undefined ? {} : { threads }) });
    return child;
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

/** As many processes of one thread as there are cores, each with its own session of the same graph. */
export class ModelProcesses implements AsyncDisposable {
  readonly members: readonly ModelProcess[];

  private constructor(members: readonly ModelProcess[]) {
    this.members = members;
  }

  static async open(bench: Bench, path: string): Promise<ModelProcesses> {
    const members: ModelProcess[] = [];
    const opened = new ModelProcesses(members);
    try {
      for (let core = 0; core < bench.cores; core++) members.push(await openModelProcess(bench, path, 1));
      return opened;
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Gives the requests to whichever process is free, the next one being with it already while one runs.
   * @returns milliseconds from the first request to the last answer
   */
  async work(requests: readonly ModelRequest[]): Promise<number> {
    const waiting = requests.values();
    const take = async (member: ModelProcess): Promise<void> => {
      for (const request of waiting) await member.request(request);
    };
    const startedAt = performance.now();
    await Promise.all(this.members.flatMap((member) => [take(member), take(member)]));
    return performance.now() - startedAt;
  }

  /** The same request to all at once; the answers of all. */
  async all(request: ModelRequest): Promise<ModelReply[]> {
    return Promise.all(this.members.map(async (member) => member.request(request)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map(async (member) => member[Symbol.asyncDispose]()));
  }
}
