import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Session } from 'chdb';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { checkFunctions } from '../../src/functions/check-functions.ts';
import type { FunctionProblem } from '../../src/functions/function-problem.ts';
import { vocabularyQueries } from '../../src/functions/engine-vocabulary.ts';
import { formatTraits } from '../../src/functions/format-traits.ts';

/** A value of each type that goes through a script that echoes it. */
const values: Readonly<Record<string, string>> = {
  String: "'x'",
  'Array(Float32)': '[toFloat32(1.5)]',
  UInt64: 'toUInt64(7)',
  Int256: 'toInt256(7)',
  BFloat16: 'toBFloat16(1.5)',
  'Decimal(38, 4)': 'toDecimal128(1.5, 4)',
  UUID: "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')",
  IPv4: "toIPv4('1.2.3.4')",
  'DateTime64(3)': "toDateTime64('2020-01-02 03:04:05', 3)",
  "Enum8('a' = 1)": "CAST('a' AS Enum8('a' = 1))",
  'Nullable(String)': "toNullable('x')",
  'Array(Array(String))': "[['x']]",
  'Tuple(a String, b UInt8)': "CAST(('x', 1) AS Tuple(a String, b UInt8))",
  'Map(String, UInt8)': "map('x', toUInt8(1))",
  JSON: `CAST('{"a":1}' AS JSON)`,
  'Variant(String, UInt8)': "CAST('x' AS Variant(String, UInt8))",
  Dynamic: "CAST('x' AS Dynamic)",
  'AggregateFunction(sum, UInt8)': "initializeAggregation('sumState', toUInt8(1))",
  IntervalDay: 'toIntervalDay(1)',
  'Array(Time)': "[CAST('01:02:03' AS Time)]",
};

interface Case {
  name: string;
  format: string;
  type: 'executable' | 'executable_pool';
  /** The type of the argument and of the result. */
  valueType: string;
}

const config =
  '<user_scripts_path>$/user_scripts/</user_scripts_path>' +
  '<user_defined_executable_functions_config>$/functions/*_function.xml</user_defined_executable_functions_config>';

let home: string;
let session: Session;
let cases: Case[];
let problems: FunctionProblem[];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'embedhouse-formats-'));
  const [functionsPath, userScriptsPath] = [join(home, 'functions'), join(home, 'user_scripts')];
  await mkdir(functionsPath);
  await mkdir(userScriptsPath);
  await writeFile(join(userScriptsPath, 'echo.sh'), '#!/bin/sh\nexec cat\n');
  await chmod(join(userScriptsPath, 'echo.sh'), 0o755);
  await writeFile(join(home, 'config.xml'), `<clickhouse>${config.replaceAll('$', home)}</clickhouse>`);
  session = new Session(join(home, 'data'), { connectionArgs: [`--config-file=${home}/config.xml`] });

  const formats = query(vocabularyQueries.formats).split('\n');
  cases = formats.flatMap((format) => casesOf(format));
  const path = join(functionsPath, 'all_function.xml');
  const write = async (readTimeouts: ReadonlyMap<string, number>): Promise<void> =>
    writeFile(
      path,
      `<functions>${cases.map((each) => define(each, readTimeouts.get(each.name))).join('\n')}</functions>`,
    );
  await write(new Map());
  ({ problems } = await checkFunctions({ functionsPath, userScriptsPath, searchPath: process.env['PATH'] ?? '' }));
  // What is said to fail often fails by the read timeout; nothing is won by waiting longer.
  await write(new Map(cases.flatMap(({ name }) => (isRefused(name) ? [[name, 150]] : []))));
  query('SYSTEM RELOAD FUNCTIONS');
});

afterAll(async () => {
  session.cleanup();
  await rm(home, { recursive: true });
});

test('every format carries a type both ways unless the check says that it does not', () => {
  expect(cases.length).toBeGreaterThan(300);
  for (const { name, format, type, valueType } of cases) {
    const value = values[valueType] ?? '';
    const works = echoes(`${name}(materialize(${value}))`, value);
    expect.soft({ format, type, valueType, works }).toEqual({ format, type, valueType, works: !isRefused(name) });
  }
});

test('formats that find columns by name lose an answer under another name, and no others do', () => {
  const executables = cases.filter(
    ({ name, type, valueType }) => type === 'executable' && valueType === 'String' && !isRefused(name),
  );
  for (const { name, format } of executables) {
    const works = echoes(`unnamed_${name}(materialize('x'))`, "'x'");
    expect.soft({ format, works }).toEqual({ format, works: !formatTraits(format).byName });
  }
});

/** Each format in a pool and in single processes with a few types; those that do not carry all types with all of them. */
function casesOf(format: string): Case[] {
  const traits = formatTraits(format);
  const types = Object.keys(values).slice(0, traits.refuses ? undefined : 3);
  return types.flatMap((valueType, index) => {
    const base = { format, valueType };
    const single: Case = { ...base, type: 'executable', name: `f_${format}_${index}` };
    return index === 0 ? [single, { ...base, type: 'executable_pool', name: `p_${format}_${index}` }] : [single];
  });
}

function isRefused(name: string): boolean {
  return problems.some(({ severity, functionName }) => severity === 'error' && functionName === name);
}

function define({ name, format, type, valueType }: Case, readTimeoutMs = 20_000): string {
  const both = (functionName: string, argumentName: string): string =>
    `<function><type>${type}</type><name>${functionName}</name><argument><type>${valueType}</type>${argumentName}</argument>
    <return_type>${valueType}</return_type><format>${format}</format><command>echo.sh</command>
    <command_read_timeout>${readTimeoutMs}</command_read_timeout><command_termination_timeout>0</command_termination_timeout></function>`;
  return both(name, '<name>result</name>') + (valueType === 'String' ? both(`unnamed_${name}`, '') : '');
}

function echoes(call: string, value: string): boolean {
  try {
    return query(`SELECT toString(tuple(${call})) = toString(tuple(${value}))`) === '1';
  } catch {
    return false;
  }
}

function query(sql: string): string {
  return session.query(sql, 'TabSeparated').trim();
}
