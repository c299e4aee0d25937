import type { Caption } from './data/captions.ts';
import type { ModelRequest } from './processes/model-messages.ts';
import type { ModelProcesses } from './processes/model-process.ts';

const tokenBudgets = [128, 256, 512, 1024] as const;

/**
 * Cuts texts into runs of at most `maxTokens` padded tokens, sorted by length, the longest first: the last runs are
 * then the short ones, and no process works alone for long at the end.
 */
export function planRuns(captions: readonly Caption[], maxTokens: number): ModelRequest[] {
  const runs: ModelRequest[] = [];
  let rows: (readonly number[])[] = [];
  const longestFirst = captions.map(({ ids }) => ids).toSorted((a, b) => b.length - a.length);
  for (const ids of longestFirst) {
    if (rows.length > 0 && (rows.length + 1) * (rows[0]?.length ?? 0) > maxTokens) {
      runs.push({ type: 'batch', rows });
      rows = [];
    }
    rows.push(ids);
  }
  if (rows.length > 0) runs.push({ type: 'batch', rows });
  return runs;
}

/** Tries token budgets on the same texts and answers the one with most texts a second. */
export async function findBestBudget(processes: ModelProcesses, captions: readonly Caption[]): Promise<number> {
  let best = { budget: 0, elapsedMs: Infinity };
  // The first run of a session is slower than the rest.
  await processes.work(planRuns(captions, 256));
  for (const budget of tokenBudgets) {
    const elapsedMs = await processes.work(planRuns(captions, budget));
    if (elapsedMs < best.elapsedMs) best = { budget, elapsedMs };
  }
  return best.budget;
}
