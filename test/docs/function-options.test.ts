import { expect, test } from 'vitest';

import { argumentOptions, functionOptions } from '../../src/functions/function-options.ts';
import { optionRows } from '../functions/option-catalogue.ts';
import { readPage } from './read-code-blocks.ts';

const page = await readPage('docs/functions.md');
const section = page.split('\n### Every option\n')[1] ?? '';
const rows = [...section.matchAll(/^\| `([\w/]+)` \|(.*)\|$/gm)].map(([, option = '', cells = '']) => {
  const [meaning = '', defaultValue = '', unit = '', check = '', tests = ''] = cells
    .split('|')
    .map((cell) => cell.trim());
  return { option, meaning, defaultValue, unit, check, tests };
});

test('the table lists exactly the options that the code knows, in its order', () => {
  const known = [...Object.keys(functionOptions), ...argumentOptions.map((option) => `argument/${option}`)];
  expect(rows.map(({ option }) => option)).toEqual(known);
});

test('the table has the defaults and units of the code', () => {
  for (const [name, { default: value, unit }] of Object.entries(functionOptions)) {
    const row = rows.find(({ option }) => option === name);
    expect.soft(row, name).toMatchObject({ defaultValue: value === undefined ? '' : `\`${value}\``, unit: unit ?? '' });
  }
});

test('each row says what the option means, what is checked, and which tests run it on the engine in both types', () => {
  const titles = optionRows.map(({ option, type, behaviour }) => `${option} of ${type} ${behaviour}`);
  for (const { option, meaning, check, tests } of rows) {
    expect.soft([meaning, check], option).not.toContain('');
    const named = [...tests.matchAll(/`([^`]+)`/g)].map(([, title = '']) => title);
    expect.soft(named).toEqual([`${option} of executable`, `${option} of executable_pool`]);
    for (const start of named)
      expect
        .soft(
          titles.filter((title) => title.startsWith(`${start} `)),
          start,
        )
        .not.toEqual([]);
  }
});

test('the engine is asked about no option that the table does not have', () => {
  const options = new Set(rows.map(({ option }) => option));
  expect(optionRows.filter(({ option }) => !options.has(option))).toEqual([]);
});
