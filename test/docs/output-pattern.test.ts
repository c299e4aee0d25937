import { expect, test } from 'vitest';

import { outputPattern } from './output-pattern.ts';

const table = `
   ┌─caption───┬─distance─┐
1. │ red apple │     0.66 │
   └───────────┴──────────┘`;

test('an output matches itself, with every character that means something in a pattern', () => {
  expect(table).toMatch(outputPattern(table));
  expect('f(x) [1] {2} a|b \\w ^$ .*+?').toMatch(outputPattern('f(x) [1] {2} a|b \\w ^$ .*+?\n'));
});

test.each([
  ['another figure', table.replace('0.66', '0.67')],
  ['another character where a pattern has a dot', table.replace('0.66', '0,66')],
  ['a line less', table.replace(/\n1.*/, '')],
  ['a line more', table.replace(/(\n1.*)/, '$1$1')],
  ['something after it', `${table}\nx`],
  ['nothing', ''],
])('%s does not match', (_, output) => {
  expect(output).not.toMatch(outputPattern(table));
});

test('an ellipsis stands for anything within its line', () => {
  const pattern = outputPattern('│ bytes │ … │\n│ rows  │    5 │');
  expect('│ bytes │       1234 │\n│ rows  │    5 │').toMatch(pattern);
  expect('│ bytes │ 1234 │\n│ rows  │    6 │').not.toMatch(pattern);
  expect('│ bytes │ 1\n2 │\n│ rows  │    5 │').not.toMatch(pattern);
});

test('a line of only an ellipsis stands for any lines', () => {
  const pattern = outputPattern('first\n…\nlast');
  expect('first\n1\n2\n\nlast').toMatch(pattern);
  expect('first\n1\nlast but one').not.toMatch(pattern);
});
