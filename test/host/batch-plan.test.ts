import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { planRuns } from '../../src/host/batch-plan.ts';

const lengths = fc.array(fc.integer({ min: 1, max: 77 }), { maxLength: 300 });
const limits = fc.record({ maxTokens: fc.integer({ min: 1, max: 600 }), maxRows: fc.integer({ min: 1, max: 40 }) });

describe('planned runs', () => {
  test('hold each row once', () => {
    fc.assert(
      fc.property(lengths, limits, (lengths, limits) => {
        const planned = planRuns(lengths, limits).flat();
        expect(planned.toSorted((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
      }),
    );
  });

  test('stay within the limits, unless one row alone is over them', () => {
    fc.assert(
      fc.property(lengths, limits, (lengths, limits) => {
        for (const run of planRuns(lengths, limits)) {
          const longest = Math.max(...run.map((index) => lengths[index] ?? 0));
          expect(run.length).toBeLessThanOrEqual(limits.maxRows);
          expect(run.length === 1 || run.length * longest <= limits.maxTokens).toBe(true);
        }
      }),
    );
  });

  test('go from the shortest rows to the longest, equal ones in their order', () => {
    fc.assert(
      fc.property(lengths, limits, (lengths, limits) => {
        const planned = planRuns(lengths, limits).flat();
        const sorted = lengths.map((length, index) => ({ length, index })).toSorted((a, b) => a.length - b.length);
        expect(planned).toEqual(sorted.map(({ index }) => index));
      }),
    );
  });

  test('are none of them empty, and none at all for no rows', () => {
    expect(planRuns([], { maxTokens: 10, maxRows: 10 })).toEqual([]);
    expect(planRuns([20, 20], { maxTokens: 10, maxRows: 10 })).toEqual([[0], [1]]);
  });

  test('are cut as late as the limits allow', () => {
    expect(planRuns([4, 2, 2, 4, 2], { maxTokens: 8, maxRows: 3 })).toEqual([
      [1, 2, 4],
      [0, 3],
    ]);
  });
});
