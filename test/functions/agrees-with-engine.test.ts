import { chmod, copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Session } from 'chdb';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { checkFunctions } from '../../src/functions/check-functions.ts';
import type { CheckedFunctions } from '../../src/functions/check-functions.ts';
import { findTypeFault } from '../../src/functions/check-types.ts';
import type { EngineVocabulary, VocabularyName } from '../../src/functions/engine-vocabulary.ts';
import { vocabularyQueries } from '../../src/functions/engine-vocabulary.ts';
import { broken, working } from './function-catalogue.ts';
import type { CatalogueEntry } from './function-catalogue.ts';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/broken-functions');

/** Functions of the fixtures that ClickHouse runs, passing in silence over what the check reports. */
const silentlyWrong = new Set([
  'LENGTH',
  'defined_twice',
  'repeated_element',
  'unknown_argument_element',
  'unknown_element',
]);

let home: string;
let session: Session;
let vocabulary: EngineVocabulary;
let checked: CheckedFunctions;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'embedhouse-agrees-'));
  await cp(fixtures, home, { recursive: true });
  await writeScripts(join(home, 'user_scripts'));
  for (const [name, entry] of Object.entries({ ...working, ...broken })) {
    await writeFile(join(home, 'functions', `catalogue-${name}_function.xml`), definitionOf(name, entry));
  }
  const config = join(home, 'config.xml');
  await writeFile(
    config,
    `<clickhouse>
      <user_scripts_path>${home}/user_scripts/</user_scripts_path>
      <user_defined_executable_functions_config>${home}/functions/*_function.xml</user_defined_executable_functions_config>
    </clickhouse>`,
  );
  session = new Session(join(home, 'data'), { connectionArgs: [`--config-file=${config}`] });
  vocabulary = {
    functions: names(vocabularyQueries.functions),
    formats: names(vocabularyQueries.formats).map(({ name }) => name),
    types: names(vocabularyQueries.types),
  };
  checked = await checkFunctions({
    functionsPath: join(home, 'functions'),
    userScriptsPath: join(home, 'user_scripts'),
    searchPath: process.env['PATH'] ?? '',
    vocabulary,
  });
});

afterAll(async () => {
  session.cleanup();
  await rm(home, { recursive: true });
});

test('finds nothing wrong with the unusual definitions that ClickHouse runs', () => {
  for (const [name, { call, elements }] of Object.entries(working)) {
    const functionName = elements['name'] ?? name;
    expect.soft(callFails(call ?? `${name}('x')`), `ClickHouse runs ${name}`).toBe(false);
    expect.soft(errorsOf(functionName), `the check passes ${name}`).toEqual([]);
    expect
      .soft(
        checked.definitions.some((definition) => definition.name === functionName),
        `${name} is defined`,
      )
      .toBe(true);
  }
});

test('finds what is wrong with the definitions that ClickHouse refuses or cannot call', () => {
  for (const [name, { call }] of Object.entries(broken)) {
    expect.soft(callFails(call ?? `${name}('x')`), `ClickHouse does not run ${name}`).toBe(true);
    expect.soft(errorsOf(name), `the check reports ${name}`).toHaveLength(1);
  }
});

test('agrees with ClickHouse about every function of the broken fixtures', () => {
  const own = new Set(['length', 'uniq']);
  const fromFixtures = checked.problems.filter(({ file }) => !file.includes('catalogue-'));
  const reported = new Set(fromFixtures.flatMap(({ functionName }) => functionName ?? []));
  for (const name of ['healthy', 'healthy_neighbour', ...reported]) {
    const runs = !own.has(name) && !callFails(`\`${name}\`('x')`);
    const isWrong = errorsOf(name).length > 0;
    expect.soft({ name, isWrong }).toEqual({ name, isWrong: !runs || silentlyWrong.has(name) });
  }
});

test('reports every file of which ClickHouse loads nothing', () => {
  const files = ['broken-xml', 'undefined-entity', 'empty', 'no-outer-element', 'folder', 'missing-name'];
  for (const file of files) {
    const errors = checked.problems.filter((problem) => problem.file.endsWith(`/${file}_function.xml`));
    expect
      .soft(
        errors.map(({ severity }) => severity),
        file,
      )
      .toEqual(['error']);
  }
  for (const name of ['broken_xml', 'undefined_entity', 'no_outer_element', 'beside_missing_name', 'not_read']) {
    expect.soft(query(`SELECT count() FROM system.user_defined_functions WHERE name = '${name}'`), name).toBe('0');
  }
});

test('knows the fate of the functions of ClickHouse by their names', () => {
  const loaded = (name: string): string =>
    query(`SELECT load_status FROM system.user_defined_functions WHERE name = '${name}'`);
  expect([loaded('length'), loaded('uniq'), loaded('LENGTH')]).toEqual(['Failed', 'Failed', 'Success']);
});

test.for([
  'Array(Tuple(a String, b Nullable(UInt8)))',
  "DateTime64(3, 'UTC')",
  "Enum8('a' = 1, 'it''s' = 2, 'c\\'d' = 3, '(' = 4)",
  'Map(LowCardinality(String), Array(Float32))',
  'FixedString(16)',
  'AggregateFunction(sum, UInt8)',
  'AggregateFunction(quantiles(0.5, 0.9), Float64)',
  'SimpleAggregateFunction(max, UInt8)',
  'double precision',
  'INT UNSIGNED',
  'Decimal(10, 2)',
  'JSON(a.b UInt32, SKIP x, max_dynamic_paths = 5)',
  'Variant(String, Array(UInt8))',
  'Dynamic(max_types = 3)',
  'QBit(Float32, 8)',
  'Tuple(`a b` String, "c" UInt8)',
  'Nested(a String, b Array(UInt8))',
  'VARCHAR(10)',
  'Array ( Float32 )',
  'IntervalDay',
  'Point',
])('takes %s for a type, as ClickHouse does', (type) => {
  expect(query(`SELECT toTypeName(defaultValueOfTypeName('${quoted(type)}')) != ''`)).toBe('1');
  expect(findTypeFault(type, vocabulary.types)).toBeUndefined();
});

test.for([
  'Strng',
  'array(String)',
  'Array(Array(Flaot32))',
  'Nested(a String, b Array(Strng))',
  'Tuple(`a b` Strng)',
  'Map(String, Strng)',
  'QBit(Flaot32, 8)',
  'Array(Float32',
  'Array(Float32))',
  'String, UInt8',
  "DateTime('UTC)",
])('refuses %s as a type, as ClickHouse does', (type) => {
  expect(callFails(`defaultValueOfTypeName('${quoted(type)}')`)).toBe(true);
  expect(findTypeFault(type, vocabulary.types)).toBeDefined();
});

test('knows every family of types that ClickHouse lists', () => {
  for (const { name } of vocabulary.types) expect.soft(findTypeFault(name, vocabulary.types), name).toBeUndefined();
});

function errorsOf(functionName: string): string[] {
  const errors = checked.problems.filter(({ severity }) => severity === 'error');
  return errors.filter((problem) => problem.functionName === functionName).map(({ message }) => message);
}

function query(sql: string): string {
  return session.query(sql, 'TabSeparated').trim();
}

function callFails(expression: string): boolean {
  try {
    session.query(`SELECT ${expression}`, 'TabSeparated');
    return false;
  } catch {
    return true;
  }
}

function names(sql: string): VocabularyName[] {
  const lines = session.query(sql, 'TabSeparated').trim().split('\n');
  return lines.map((line) => {
    const [name = '', caseInsensitive] = line.split('\t');
    return { name, caseInsensitive: caseInsensitive === '1' };
  });
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}

function definitionOf(name: string, { elements }: CatalogueEntry): string {
  const all = {
    type: 'executable',
    name,
    command: 'echo.sh',
    argument: '<type>String</type>',
    return_type: 'String',
    format: 'TabSeparated',
    ...elements,
  };
  const lines = Object.entries(all).flatMap(([tag, value]) => (value === undefined ? [] : `<${tag}>${value}</${tag}>`));
  return `<functions><function>${lines.join('\n')}</function></functions>`.replaceAll(
    '$scripts',
    join(home, 'user_scripts'),
  );
}

async function writeScripts(folder: string): Promise<void> {
  const scripts = {
    'one-row.sh': '#!/bin/sh\necho x\n',
    'slow.sh': '#!/bin/sh\nsleep 0.5\nexec cat\n',
    'first-column.sh': '#!/bin/sh\nexec cut -f 1\n',
    'blank-after-shebang.sh': '#! /bin/sh\nexec cat\n',
    'env-split.sh': '#!/usr/bin/env -S sh -e\nexec cat\n',
    'windows-text.pl': '#!/usr/bin/env perl\nprint while <STDIN>;\r\n',
    'windows-text.sh': '#!/bin/sh\nread line\necho "$line"\r\n',
    'json.py': '#!/bin/sh\nexec cat\n',
    'sub/echo.sh': '#!/bin/sh\nexec cat\n',
  };
  await mkdir(join(folder, 'sub'));
  for (const [name, text] of Object.entries(scripts)) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), 0o755);
  }
  await copyFile('/bin/cat', join(folder, 'cat'));
  await symlink('echo.sh', join(folder, 'link.sh'));
  await symlink('../outside.sh', join(folder, 'link-to-outside.sh'));
}
