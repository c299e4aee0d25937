import { expect, test } from 'vitest';

import { formatProblem } from '../../src/functions/format-problem.ts';
import { checkText } from './check-one.ts';

async function lines(text: string): Promise<string[]> {
  const problems = await checkText(text, { file: 'one_function.yaml' });
  return problems.map((problem) => formatProblem(problem).replace(/^.*\//, ''));
}

const sound = `function:
  - type: executable
    name: f
    argument:
      - type: String
        name: text
      - {type: UInt8}
    return_type: String
    format: TabSeparated
    command: echo.sh
  - {type: executable_pool, name: g, return_type: String, format: TSV, command: echo.sh}
`;

test('finds nothing wrong with functions in YAML', async () => {
  expect(await lines(sound)).toEqual([]);
});

test('names file, place, key, fault and remedy as YAML has them', async () => {
  const broken = sound
    .replace('    return_type: String\n', '')
    .replace('executable\n', 'executeable\n')
    .replace('{type: UInt8}', '{tpye: UInt8}')
    .replace('format: TSV', 'formt: TSV, command_read_timeout: 10s');
  expect(await lines(broken)).toMatchInlineSnapshot(`
    [
      "one_function.yaml:1:1: return_type: the element is missing; add 'return_type:' to the function",
      "one_function.yaml:2:5: type: 'executeable' is not one of executable, executable_pool; did you mean 'executable'?",
      "one_function.yaml:7:9: argument: the argument has no 'type:'; give it 'type: String'",
      "one_function.yaml:7:10: tpye: ClickHouse knows no such element in 'argument:' and ignores it; did you mean 'type'?",
      "one_function.yaml:10:5: format: the element is missing; add 'format:' to the function",
      "one_function.yaml:10:59: formt: ClickHouse knows no such element in 'function:' and ignores it; did you mean 'format'?",
      "one_function.yaml:10:71: command_read_timeout: '10s' is not a whole number; write digits only, which count milliseconds, without blanks or a unit",
    ]
  `);
});

test.for([
  ['', 'the file is empty'],
  ['function:\n\tname: f\n', 'the YAML is broken'],
  ['type: executable\n', "looks for a function's options under 'function:'"],
  ['functions:\n  function: {name: f}\n', "takes 'functions:' itself for a function"],
  ['funktion: {name: f}\n', 'passes over this key'],
  [`${sound}---\n${sound.replaceAll(/name: [fg]/g, 'name: h')}`, "up to its second '---'"],
  ['- function: {name: f}\n- function: {name: g}\n', 'read only the first item of a list'],
  ['base: &base {type: executable}\nfunction:\n  <<: *base\n  name: f\n', 'does not merge mappings'],
] as const)('says of %j what ClickHouse makes of it', async ([text, fault]) => {
  expect(await lines(text)).toEqual(expect.arrayContaining([expect.stringContaining(fault) as string]));
});
