import { expect, test } from 'vitest';

import { runsTypescript } from '../../../src/functions/new-script/runs-typescript.ts';

// https://nodejs.org/api/typescript.html: without a flag from 22.18.0 and 23.6.0 on.
test.each([
  ['v18.20.8', false],
  ['v20.99.0', false],
  ['v22.9.0', false],
  ['v22.17.1', false],
  ['v22.18.0', true],
  ['v22.23.3', true],
  ['v23.5.0', false],
  ['v23.6.0', true],
  ['v24.0.0', true],
  ['v100.0.0-nightly', true],
  ['', false],
])('Node %s runs TypeScript by itself: %s', (version, expected) => {
  expect(runsTypescript(version)).toBe(expected);
});
