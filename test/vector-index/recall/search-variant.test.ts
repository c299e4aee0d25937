import { expect, test } from 'vitest';

import { isSameVariant, planVariants } from '../../../src/vector-index/recall/search-variant.ts';

test.each([
  { hasFilter: false, rescoring: false },
  { hasFilter: false, rescoring: true },
  { hasFilter: true, rescoring: false },
  { hasFilter: true, rescoring: true },
])('measures once what a query gets that sets nothing, whatever is asked for: %o', ({ hasFilter, rescoring }) => {
  const defaults = { ef: 256, rescoring, fetchMultiplier: 1, filterStrategy: 'auto' } as const;
  const variants = planVariants({ efs: [16], fetchMultipliers: [4], hasFilter, defaults });
  expect(variants.filter((variant) => isSameVariant(variant, defaults))).toHaveLength(1);
});
