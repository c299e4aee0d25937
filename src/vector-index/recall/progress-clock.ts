import type { RecallProgress } from './recall-report.ts';

/** Kinds of work that take different times. */
export type WorkKind = 'exact' | 'search' | 'build';

interface Work {
  total: number;
  done: number;
  spentMs: number;
}

/** Counts work done and says how long the rest will take, by what each kind of work has taken so far. */
export class ProgressClock {
  readonly #work: Record<WorkKind, Work>;
  readonly #report: (progress: RecallProgress) => void;
  #step = '';

  constructor(totals: Record<WorkKind, number>, report: (progress: RecallProgress) => void) {
    const start = (total: number): Work => ({ total, done: 0, spentMs: 0 });
    this.#work = { exact: start(totals.exact), search: start(totals.search), build: start(totals.build) };
    this.#report = report;
  }

  /** Names what comes next. */
  step(step: string): void {
    this.#step = step;
    this.#tell();
  }

  /** Runs a piece of work and counts it. */
  async count<T>(kind: WorkKind, work: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const result = await work();
    this.#work[kind].spentMs += performance.now() - startedMs;
    this.#work[kind].done += 1;
    this.#tell();
    return result;
  }

  #tell(): void {
    const { exact, search } = this.#work;
    this.#report({
      step: this.#step,
      done: exact.done + search.done,
      total: exact.total + search.total,
      secondsLeft: this.#secondsLeft(),
    });
  }

  #secondsLeft(): number | undefined {
    const { exact, search, build } = this.#work;
    if (exact.done === 0 || (build.total > 0 && build.done === 0)) {
      return undefined;
    }
    // Until one is measured, a search through an index is taken for as slow as an exact one.
    const meanMs = (work: Work): number => (work.done > 0 ? work.spentMs / work.done : exact.spentMs / exact.done);
    const left = [exact, search, build].reduce((sum, work) => sum + (work.total - work.done) * meanMs(work), 0);
    return left / 1000;
  }
}
