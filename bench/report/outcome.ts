import { isReached, type Measurement, type Skipped } from '../figure.ts';
import { median } from '../statistics.ts';

/** A figure that failed: the others go on. */
export interface Failed {
  readonly what: string;
  readonly failed: string;
}

/** A row of the table. */
export type Outcome = {
  /** The figure that it came from. */
  readonly figure: string;
  /** Cores that others kept busy on average while it was measured; NaN where that is not known. */
  readonly otherLoad: number;
} & (Measurement | Skipped | Failed);

/** The number that a measurement is judged by. */
export function valueOf(measurement: Measurement): number {
  return measurement.value ?? median(measurement.samples);
}

/** What became of a row, in a word. */
export function verdictOf(outcome: Outcome): 'reached' | 'missed' | 'report' | 'skipped' | 'failed' {
  if ('failed' in outcome) return 'failed';
  if ('skipped' in outcome) return 'skipped';
  const reached = isReached(outcome, valueOf(outcome));
  if (reached === undefined) return 'report';
  return reached ? 'reached' : 'missed';
}
