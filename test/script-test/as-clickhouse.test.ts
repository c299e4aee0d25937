import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testFunction } from '../../src/cli/test-function.ts';
import { openEmbeddedEngine } from '../../src/engine/embedded-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { readFunctionFiles } from '../../src/functions/read-definitions.ts';

// The same script is run by ClickHouse and by the test; what it saw must be the same.
const record = `#!/bin/sh
{
  for argument in "$0" "$@"; do printf '<%s>' "$argument"; done
  pwd
  for stream in stdin stderr; do [ -p /dev/$stream ] && echo "$stream is a pipe"; done
  echo "$EMBEDHOUSE_TEST_VALUE"
  cat /dev/stdin
} > "$EMBEDHOUSE_TEST_RECORD"
`;

const formats = [
  'TabSeparated',
  'TabSeparatedWithNamesAndTypes',
  'CSV',
  'CSVWithNames',
  'JSONEachRow',
  'JSONCompactEachRow',
  'RowBinary',
  'RowBinaryWithNamesAndTypes',
  'Native',
  'Values',
  'MsgPack',
];
const headers = [false, true];
const columns = [
  'String',
  'Int64',
  'Float32',
  'Nullable(String)',
  'Array(Float32)',
  "Enum8('a' = 1, 'b''c' = 2)",
  "DateTime64(3, 'UTC')",
  'Map(String, UInt8)',
  'LowCardinality(String)',
  'Decimal(18, 4)',
];
const rows = [
  String.raw`tab\tline\nback\\slash	-9007199254740993	0.1	\N	[]	a	2024-01-02 03:04:05.678	{}	x	1.5`,
  String.raw`Zürich 🐕 "quoted", 'single'	0	nan	'NULL'	[1.5,-2]	b\'c	1970-01-01 00:00:00.000	{'k':1}		-0.0001`,
];

let folder: string;
let engine: Engine;

const functionName = (format: string, header: boolean): string => `record_${format}_${header ? 'header' : 'plain'}`;

function define(name: string, format: string, options: string): string {
  const args = columns.map((type) => `<argument><type>${type}</type></argument>`).join('');
  return `<function><type>executable</type><name>${name}</name>${args}<return_type>String</return_type><format>${format}</format>${options}</function>`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-test-'));
  const functions = formats.flatMap((format) =>
    headers.map((header) =>
      define(
        functionName(format, header),
        format,
        `<command>record.sh  one two</command><send_chunk_header>${Number(header)}</send_chunk_header>`,
      ),
    ),
  );
  const line = `${join(folder, 'scripts', 'record.sh')} 'one two' $HOME`;
  functions.push(
    define('record_shell', 'TabSeparated', `<command>${line}</command><execute_direct>0</execute_direct>`),
  );
  await mkdir(join(folder, 'functions'));
  await mkdir(join(folder, 'scripts'));
  await writeFile(join(folder, 'functions', 'a_function.xml'), `<functions>${functions.join('')}</functions>`);
  await writeFile(join(folder, 'scripts', 'record.sh'), record, { mode: 0o755 });
  await writeFile(join(folder, 'rows.tsv'), `${rows.join('\n')}\n`);
  process.env['EMBEDHOUSE_TEST_VALUE'] = 'inherited';
  engine = await openEmbeddedEngine({
    dataPath: ':memory:',
    functionsPath: join(folder, 'functions'),
    userScriptsPath: join(folder, 'scripts'),
  });
});

afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

async function recorded(name: string, run: () => Promise<unknown>): Promise<string> {
  process.env['EMBEDHOUSE_TEST_RECORD'] = join(folder, name);
  await run();
  return readFile(join(folder, name), 'latin1');
}

test.each([...formats.flatMap((format) => headers.map((header) => functionName(format, header))), 'record_shell'])(
  '%s sees the same in a test as in SQL',
  async (name) => {
    const structure = columns.map((type, index) => `c${index + 1} ${type}`).join(', ');
    const call = `${name}(${columns.map((_, index) => `c${index + 1}`).join(', ')})`;
    // It answers nothing, which both say.
    const inSql = await recorded('in-sql', async () =>
      expect(
        engine.rows(
          `SELECT ${call} FROM file('${folder}/rows.tsv', TabSeparated, '${structure.replaceAll("'", String.raw`\'`)}')`,
        ),
      ).rejects.toMatchObject({ message: expect.stringMatching(/answered 0 rows to 2|its answer is cut short/) }),
    );
    const definition = (await readFunctionFiles(join(folder, 'functions'))).definitions.find(
      (each) => each.name === name,
    );
    if (definition === undefined) throw new Error(`there is no ${name}`);
    const inTest = await recorded('in-test', async () => {
      const { findings } = await testFunction(engine, {
        definition,
        userScriptsPath: join(folder, 'scripts'),
        rowsPath: join(folder, 'rows.tsv'),
        repeat: 1,
        mostWaitMs: 10_000,
      });
      expect(findings).toMatchObject([
        { severity: 'error', message: expect.stringMatching(/answered 0 of 2 rows|its answer is cut short/) },
      ]);
    });
    expect(inTest).toBe(inSql);
    expect(inSql).toContain('inherited');
  },
);
