import { writeFile } from 'node:fs/promises';

import type { Settings } from '../settings.ts';
import { spreadOf } from '../statistics.ts';
import type { Machine } from './machine.ts';
import { valueOf, verdictOf, type Outcome } from './outcome.ts';

export interface Results {
  readonly startedAt: string;
  readonly elapsedS: number;
  readonly machine: Machine;
  readonly settings: Settings;
  /** The lengths of the captions, in words. */
  readonly captions: string;
  readonly outcomes: readonly Outcome[];
}

/** Writes everything that was measured, with all samples. */
export async function writeJson(path: string, { outcomes, ...rest }: Results): Promise<void> {
  const figures = outcomes.map((outcome) => {
    const verdict = verdictOf(outcome);
    return 'samples' in outcome
      ? { ...outcome, verdict, value: valueOf(outcome), spread: spreadOf(outcome.samples) }
      : { ...outcome, verdict };
  });
  await writeFile(path, `${JSON.stringify({ ...rest, figures }, undefined, 2)}\n`);
}
