import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { parseYaml } from '../../src/functions/parse-yaml.ts';
import type { XmlElement } from '../../src/functions/parse-xml.ts';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/yaml-functions');

/** What ClickHouse's YAML library makes of each file; written by scripts/fixtures/yaml-elements.cpp. */
const expected = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8')) as Record<string, unknown>;

test.for(readdirSync(fixtures).filter((name) => !name.endsWith('.json')))(
  'makes the elements of %s that yaml-cpp makes',
  (name) => {
    const parsed = parseYaml(readFileSync(join(fixtures, name), 'utf8'));
    if ('fault' in parsed) expect(expected[name]).toEqual({ fault: expect.any(String) as string });
    else expect(withoutPlaces(parsed.root)).toEqual(expected[name]);
  },
);

test('gives each element the line and column of its key, or of its place in a list', () => {
  const parsed = parseYaml(
    '# x\nfunction:\n  - name: a\n    argument:\n      - type: T\n      - {type: U}\n  - name: b\n',
  );
  expect(parsed).toMatchObject({
    root: {
      children: [
        {
          name: 'function',
          line: 2,
          column: 1,
          children: [
            { name: 'name', line: 3, column: 5 },
            { name: 'argument', line: 4, column: 5 },
            { name: 'argument', line: 6, column: 9, children: [{ name: 'type', line: 6, column: 10 }] },
          ],
        },
        { name: 'function', line: 7, column: 5 },
      ],
    },
  });
});

test.for([
  ['bad-indent.yml', 3],
  ['tab.yml', 2],
  ['two-colons.yml', 2],
  ['unknown-alias.yml', 2],
  ['list-key.yml', 2],
] as const)('finds the line at which %s breaks', ([name, line]) => {
  expect(parseYaml(readFileSync(join(fixtures, name), 'utf8'))).toMatchObject({ fault: { line } });
});

test('gives up on aliases that hold themselves, or each other many times over', () => {
  expect(parseYaml('function: &f\n  name: *f\n')).toMatchObject({ fault: { line: 2 } });
  const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`);
  expect(parseYaml(['a0: &a0 x', ...levels].join('\n'))).toHaveProperty('fault');
});

test('says where a second document begins, and that the file is a list', () => {
  expect(parseYaml('function: {name: one}\n---\nfunction: {name: two}\n')).toMatchObject({
    secondDocument: { line: 2 },
  });
  expect(parseYaml('- function: {name: one}\n- function: {name: two}\n')).toMatchObject({ isList: true });
});

function withoutPlaces({ name, text, attributes, children }: XmlElement): unknown {
  return { name, text, attributes, children: children.map(withoutPlaces) };
}
