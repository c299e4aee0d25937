import { performance } from 'node:perf_hooks';

/** How fast rows of one kind become vectors. */
export interface RowsMeasured {
  /** From the first call to its answer: a process starts, and the model is loaded, and prepared if it never was. */
  loadMs: number;
  /** Calls of one row each, one after the other. */
  aloneCalls: number;
  /** The median of those. */
  msAlone: number;
  /** Rows of the calls with many. */
  bulkRows: number;
  bulkRowsPerSecond: number;
}

export interface MeasureRowsOptions<T> {
  /** Distinct rows. */
  rows: readonly T[];
  encode: (rows: readonly T[]) => Promise<unknown>;
  /** Whether all is loaded that will be used. */
  isWarm: () => boolean;
  /** How long each of the two measurements takes, about. */
  seconds: number;
  onStep: (step: 'load' | 'alone' | 'bulk') => void;
}

/** Where there is memory for the model in some processes only, it never gets warmer. */
const maxWarmUps = 10;
const warmUpRows = 64;
const minAloneCalls = 5;
const minBulkRows = 16;

/** Measures rows alone, then many in one call; what is loaded meanwhile is loaded before. */
export async function measureRows<T>(options: MeasureRowsOptions<T>): Promise<RowsMeasured> {
  const { rows, encode, seconds, onStep } = options;
  onStep('load');
  const loadMs = await timeOf(async () => encode(rows.slice(0, 1)));
  await warmUp(options);
  onStep('alone');
  const alone = await measureAlone(options);
  const msAlone = median(alone);
  onStep('bulk');
  // Many at once take less time each, hardly more: a call takes no longer than a measurement may.
  const callRows = Math.max(minBulkRows, Math.floor((seconds * 1000) / msAlone));
  const bulk = await measureBulk({ ...options, rows: rows.slice(0, callRows) });
  return { loadMs, aloneCalls: alone.length, msAlone, ...bulk };
}

async function warmUp<T>({ rows, encode, isWarm }: MeasureRowsOptions<T>): Promise<void> {
  for (let calls = 0; calls < maxWarmUps && (calls === 0 || !isWarm()); calls++) {
    await encode(rows.slice(0, warmUpRows));
  }
  for (const row of rows.slice(0, minAloneCalls)) {
    await encode([row]);
  }
}

async function measureAlone<T>({ rows, encode, seconds }: MeasureRowsOptions<T>): Promise<number[]> {
  const times: number[] = [];
  const endsAt = performance.now() + seconds * 1000;
  for (const row of rows) {
    if (times.length >= minAloneCalls && performance.now() > endsAt) {
      break;
    }
    times.push(await timeOf(async () => encode([row])));
  }
  return times;
}

async function measureBulk<T>({
  rows,
  encode,
  seconds,
}: MeasureRowsOptions<T>): Promise<Pick<RowsMeasured, 'bulkRows' | 'bulkRowsPerSecond'>> {
  let bulkRows = 0;
  let tookMs = 0;
  while (tookMs < seconds * 1000) {
    tookMs += await timeOf(async () => encode(rows));
    bulkRows += rows.length;
  }
  return { bulkRows, bulkRowsPerSecond: (bulkRows / tookMs) * 1000 };
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [below = 0, above = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (below + above) / 2;
}
