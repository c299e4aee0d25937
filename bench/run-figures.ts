import type { Bench } from './bench.ts';
import type { Figure, Measurement, Skipped } from './figure.ts';
import { OtherLoad } from './report/other-load.ts';
import type { Failed, Outcome } from './report/outcome.ts';

/** Measures figure after figure and yields the rows of each; one that fails is told of, and the rest goes on. */
export async function* runFigures(bench: Bench, figures: readonly Figure[]): AsyncGenerator<Outcome[], void> {
  for (const [index, figure] of figures.entries()) {
    const prefix = `[${index + 1}/${figures.length}] ${figure.name}`;
    const scoped: Bench = { ...bench, progress: (text) => bench.progress(`${prefix}: ${text}`) };
    using load = await OtherLoad.start();
    const rows = await measure(scoped, figure);
    const otherLoad = await load.cores();
    yield rows.map((row) => ({ figure: figure.name, otherLoad, ...row }));
  }
}

async function measure(bench: Bench, figure: Figure): Promise<readonly (Measurement | Skipped | Failed)[]> {
  bench.progress('begins');
  try {
    return await figure.measure(bench);
  } catch (error) {
    bench.signal.throwIfAborted();
    const failed = error instanceof Error ? error.message : String(error);
    bench.progress(`failed: ${failed}`);
    return [{ what: figure.name, failed }];
  }
}
