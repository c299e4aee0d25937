import type { Bench } from './bench.ts';

/** What a figure should reach, at its median or at the value that the measurement names. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** One row of the table. */
export interface Measurement {
  /** What was measured, in words. */
  readonly what: string;
  /** `x` for ratios. */
  readonly unit: string;
  /** One number for each round, query or process start. */
  readonly samples: readonly number[];
  /**
   * The number that is judged.
   * @default the samples' median
   */
  readonly value?: number;
  readonly target?: Target;
  /** What the samples were made from, each with its unit in its name. */
  readonly parts?: Readonly<Record<string, readonly number[]>>;
  readonly notes?: readonly string[];
}

/** A row that could not be measured here, and why. */
export interface Skipped {
  readonly what: string;
  readonly skipped: string;
}

/** Something to measure: one or several rows of the table from the same rounds. */
export interface Figure {
  /** As `--only` names it. */
  readonly name: string;
  measure(bench: Bench): Promise<readonly (Measurement | Skipped)[]>;
}

/** Whether a measurement reaches its target; undefined where it has none. */
export function isReached({ target }: Measurement, value: number): boolean | undefined {
  if (target === undefined) return undefined;
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}
