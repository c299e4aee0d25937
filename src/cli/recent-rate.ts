import prettyMilliseconds from 'pretty-ms';

const windowMs = 10_000;

/** How fast work goes, by the last ten seconds: the beginning of a long work says little about its end. */
export class RecentRate {
  /** What was done at which time, the oldest first. */
  #past: { atMs: number; done: number }[] = [];

  /** Tells how much is done by now. */
  add(done: number): void {
    const atMs = performance.now();
    this.#past.push({ atMs, done });
    // Two stay however long ago they were.
    while ((this.#past[1]?.atMs ?? atMs) < atMs - windowMs) this.#past.shift();
  }

  /** `undefined` while nothing can be said yet. */
  get perSecond(): number | undefined {
    const first = this.#past[0];
    const last = this.#past.at(-1);
    if (first === undefined || last === undefined || last.done <= first.done) return undefined;
    return ((last.done - first.done) / (last.atMs - first.atMs)) * 1000;
  }

  /** Says how long the rest takes, for the end of a line; '' while nothing can be said yet. */
  timeLeft(total: number): string {
    const { perSecond } = this;
    const done = this.#past.at(-1)?.done;
    if (perSecond === undefined || done === undefined) return '';
    const ms = Math.ceil((total - done) / perSecond) * 1000;
    return ` | ${prettyMilliseconds(ms, { unitCount: 2, secondsDecimalDigits: 0 })} left`;
  }
}
