/** What bounds one run of a tower. */
export interface RunLimits {
  /** Padded tokens: rows times the longest row's tokens. */
  maxTokens: number;
  maxRows: number;
}

/**
 * Limits by measure on two Zen 4 cores: from about 256 tokens a run the text tower gains nothing more, over 2 000 it
 * loses; 4 to 8 images is the vision tower's best. They also bound the runtime's memory, which keeps its largest run.
 */
export const textRunLimits: RunLimits = { maxTokens: 512, maxRows: 256 };
export const imageRunLimits: RunLimits = { maxTokens: Number.POSITIVE_INFINITY, maxRows: 8 };

/**
 * Cuts rows into runs: sorted by length, so that little padding is computed, each run within `limits`. A row longer
 * than the limit is a run of its own. Answers indexes into `lengths`, run by run.
 */
export function planRuns(lengths: readonly number[], limits: RunLimits): number[][] {
  const byLength = lengths.map((_, index) => index).toSorted((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b);
  const runs: number[][] = [];
  let run: number[] = [];
  for (const index of byLength) {
    // Sorted: this row is the longest of the run so far.
    const paddedTokens = (run.length + 1) * (lengths[index] ?? 0);
    if (run.length > 0 && (paddedTokens > limits.maxTokens || run.length >= limits.maxRows)) {
      runs.push(run);
      run = [];
    }
    run.push(index);
  }
  if (run.length > 0) {
    runs.push(run);
  }
  return runs;
}
