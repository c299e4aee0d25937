import os from 'node:os';

import { listProcessTree } from '../processes/process-tree.ts';
import { sum } from '../statistics.ts';

const sampleEveryMs = 1000;

/**
 * Measures what others do with the machine from its start on; Linux. What a process of the benchmark's own uses in its
 * last second, after it was last seen, counts as others'.
 */
export class OtherLoad implements Disposable {
  readonly #startedAt = performance.now();
  readonly #busyBeforeS = readBusy();
  /** Of the benchmark's processes, ended ones too: seconds when first and last seen. */
  readonly #own = new Map<number, { firstS: number; lastS: number }>();
  readonly #timer = setInterval(() => void this.#sample(), sampleEveryMs);

  static async start(): Promise<OtherLoad> {
    const load = new OtherLoad();
    await load.#sample({ isFirst: true });
    return load;
  }

  /** The cores that others kept busy on average; NaN where that is not known. */
  async cores(): Promise<number> {
    await this.#sample();
    if (this.#own.size === 0) return Number.NaN;
    const ownS = sum([...this.#own.values()].map(({ firstS, lastS }) => lastS - firstS));
    const elapsedS = (performance.now() - this.#startedAt) / 1000;
    return Math.max(0, readBusy() - this.#busyBeforeS - ownS) / elapsedS;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #sample({ isFirst = false } = {}): Promise<void> {
    for (const { pid, cpuS } of await listProcessTree(process.pid)) {
      const seen = this.#own.get(pid);
      if (seen === undefined) this.#own.set(pid, { firstS: isFirst ? cpuS : 0, lastS: cpuS });
      else seen.lastS = cpuS;
    }
  }
}

/** Seconds in which cores were busy since the machine's start, over all cores. */
function readBusy(): number {
  return sum(os.cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq)) / 1000;
}
