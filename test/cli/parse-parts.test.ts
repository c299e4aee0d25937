import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';

import { parseParts } from '../../src/cli/parse-parts.ts';

test.each([
  ['0', [0]],
  ['1-3', [1, 2, 3]],
  ['0-0,2', [0, 2]],
  ['2,0-1,1', [0, 1, 2]],
  [' 0 , 2 - 9 ', [0, 2, 3, 4]],
  ['000-001', [0, 1]],
])('%j are the parts %j', (given, expected) => {
  const isWanted = parseParts(given);
  expect([0, 1, 2, 3, 4].filter(isWanted)).toEqual(expected);
});

test.each(['', 'a', '-1', '1-', '3-1', '0..9', '1;2', '0x1', '1.5', '1,,2', '1 2', '9999999999'])(
  '%j is refused',
  (given) => {
    expect(() => parseParts(given)).toThrow(InvalidArgumentError);
  },
);
