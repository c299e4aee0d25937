import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { testFunction } from '../../../src/cli/test-function.ts';
import { readVocabulary } from '../../../src/engine/read-vocabulary.ts';
import { checkFunctions } from '../../../src/functions/check-functions.ts';
import type { FunctionDefinition } from '../../../src/functions/function-definition.ts';
import type { FunctionProblem } from '../../../src/functions/function-problem.ts';
import { exampleValue } from '../../../src/functions/new-script/example-values.ts';
import type { PlannedScript } from '../../../src/functions/new-script/plan-script.ts';
import { read } from '../../engine/open-test-engine.ts';
import { formats } from '../../udf/kit-home.ts';
import { kitTypes } from './kit-types.ts';
import { NewScriptHome } from './new-script-home.ts';

const shellTypes = [
  'Variant(String, UInt8)',
  'Dynamic',
  'JSON',
  'Time',
  'Time64(3)',
  'IntervalDay',
  'QBit(Float32, 4)',
  'Nullable(Tuple(UInt8))',
  'AggregateFunction(sum, UInt64)',
];

/** For what is written beside the call to compare with it. */
const settings = `SETTINGS allow_suspicious_fixed_string_types = 1, allow_suspicious_low_cardinality_types = 1,
  enable_nullable_tuple_type = 1`;

const languages = [
  { language: 'python', types: kitTypes },
  { language: 'javascript', types: kitTypes },
  { language: 'bash', types: [...kitTypes, ...shellTypes] },
] as const;

let home: NewScriptHome;
let folder: string;
let problems: FunctionProblem[];
let definitions: Map<string, FunctionDefinition>;
/** By `language kind type`. */
const written = new Map<string, PlannedScript>();

beforeAll(async () => {
  home = await NewScriptHome.open();
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-new-rows-'));
  for (const { language, types } of languages) {
    for (const [index, type] of types.entries()) {
      const format = language === 'bash' ? undefined : formats[index % formats.length];
      const number = String(index);
      const kinds = { zero: { name: 'flag', type: 'Bool' }, same: { name: 'value', type } };
      for (const [kind, argument] of Object.entries(kinds)) {
        const name = `${language}_${kind}_${number}`;
        written.set(
          `${language} ${kind} ${type}`,
          await home.add({ name, language, arguments: [argument], returns: type, format }),
        );
      }
    }
  }
  await home.load();
  const checked = await checkFunctions({
    functionsPath: home.functionsPath,
    userScriptsPath: home.userScriptsPath,
    searchPath: process.env['PATH'] ?? '',
    vocabulary: await readVocabulary(home.engine),
  });
  problems = checked.problems;
  definitions = new Map(checked.definitions.map((definition) => [definition.name, definition]));
}, 300_000);

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function find(language: string, kind: string, type: string): PlannedScript['function'] {
  const planned = written.get(`${language} ${kind} ${type}`);
  if (planned === undefined) throw new Error(`there is no ${language} ${kind} ${type}`);
  return planned.function;
}

test('all of them pass the check', () => {
  expect(problems).toEqual([]);
  expect(definitions.size).toBe(written.size);
});

describe.each(languages)('a new function in $language', ({ language, types }) => {
  test.each(types)('takes and returns %s', async (type) => {
    const { name, returns } = find(language, 'same', type);
    const { text, sql } = exampleValue(returns);
    const given = `CAST(${sql}, ${quote(type)})`;
    const answer = await read(
      home.engine,
      `SELECT toString(tuple(${name}(${sql}))), toString(tuple(${given})) ${settings}`,
    );
    const [answered, expected] = answer.trimEnd().split('\t');
    if (/^(?:LowCardinality\()?String\)?$/.test(type)) expect(answered).toMatch(/A DOG|Hello, a dog/);
    else expect(answered).toBe(expected);

    const rowsPath = join(folder, `${name}.tsv`);
    await writeFile(rowsPath, `${text === String.raw`\N` ? text : text.replaceAll('\\', '\\\\')}\n`);
    const definition = definitions.get(name);
    if (definition === undefined) throw new Error(`${name} is not defined`);
    const { findings } = await testFunction(home.engine, {
      definition,
      userScriptsPath: home.userScriptsPath,
      rowsPath,
      repeat: 1,
      mostWaitMs: 10_000,
    });
    expect(findings).toEqual([]);
  });

  test.each(types.filter((type) => type !== 'Bool'))('answers zero, or nothing, of %s', async (type) => {
    const { name } = find(language, 'zero', type);
    const isText = /^(?:LowCardinality\()?(?:Nullable\()?String/.test(type);
    const zero = isText ? "'true'" : `defaultValueOfTypeName(${quote(type)})`;
    const answer = await read(home.engine, `SELECT toString(tuple(${name}(true))), toString(tuple(${zero}))`);
    const [answered, expected] = answer.trimEnd().split('\t');
    // The default of ClickHouse is its first day, 1900-01-01.
    expect(isText ? answered?.toLowerCase() : answered).toBe(
      type === 'Date32' && language !== 'bash' ? String.raw`(\'1970-01-01\')` : expected,
    );
  });
});

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
