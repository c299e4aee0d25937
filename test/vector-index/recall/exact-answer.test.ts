import { expect, test } from 'vitest';

import { countHits, exactAnswer } from '../../../src/vector-index/recall/exact-answer.ts';

const rows = (distances: readonly (number | null)[]): { row: string; distance: number | null }[] =>
  distances.map((distance, at) => ({ row: `part ${at}`, distance }));

test('leaves the row that was searched for out of its own answer', () => {
  expect(exactAnswer(rows([0, 0.1, 0.2, 0.3]), 2, 'part 0')).toEqual({ worst: 0.2, size: 2 });
  expect(exactAnswer(rows([0, 0.1, 0.2, 0.3]), 2, 'part 7')).toEqual({ worst: 0.1, size: 2 });
});

test('has fewer rows than asked for where there are no more, or they have no distance', () => {
  expect(exactAnswer(rows([0.1, 0.2, null]), 3, undefined)).toEqual({ worst: 0.2, size: 2 });
  expect(exactAnswer([], 3, undefined)).toEqual({ worst: undefined, size: 0 });
});

test('counts any of equally near rows as a hit, and no more of them than the exact answer has', () => {
  const exact = { worst: 0.2, size: 2 };
  expect(countHits([0.2, 0.2], exact, 'L2Distance')).toBe(2);
  expect(countHits([0.1, 0.2, 0.2], exact, 'L2Distance')).toBe(2);
  expect(countHits([0.1, 0.21], exact, 'L2Distance')).toBe(1);
});

test('allows for rounding: relative to the distance, or to 1 for a cosine', () => {
  const exact = { worst: 1e-4, size: 1 };
  expect(countHits([1e-4 + 1e-7], exact, 'cosineDistance')).toBe(1);
  expect(countHits([1e-4 + 1e-7], exact, 'L2Distance')).toBe(0);
  expect(countHits([1e-4 + 1e-11], exact, 'L2Distance')).toBe(1);
});

test('takes a greater product for nearer', () => {
  expect(countHits([9, 7, 5], { worst: 7, size: 3 }, 'dotProduct')).toBe(2);
});

test('counts a row without a distance as none', () => {
  expect(countHits([null, 0.1], { worst: 0.2, size: 2 }, 'cosineDistance')).toBe(1);
});
