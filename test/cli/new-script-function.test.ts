import { access, constants, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { BareHome } from './bare-home.ts';
import { makeSandbox, repositoryPath, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let home: BareHome;

beforeAll(async () => {
  sandbox = await makeSandbox();
});

beforeEach(async () => {
  home = await BareHome.make(sandbox);
});

afterAll(async () => {
  await sandbox.remove();
});

test('writes a definition and an executable script, with a word on each part', async () => {
  const stdout = await home.createWell(['shout', '--language', 'python']);
  expect(stdout).toMatch(
    /^Wrote .*user_scripts\/shout\.py and .*functions\/shout_function\.xml: shout\(text String\) String\n/,
  );
  expect(await readFile(join(home.path, 'user_scripts/shout.py'), 'utf8')).toBe(`#!/usr/bin/env python3
# shout(text String) String: ClickHouse starts this script as functions/shout_function.xml says, where its
# types and format stand.
from embedhouse_udf import serve


def shout(text: str) -> str:
    # Your work goes here; this runs once for each row.
    return text.upper()


# print() writes to stderr, since stdout belongs to ClickHouse. An "async def" works on 16 rows at a time;
# serve(shout, block=True) hands over many rows at once, in a list for each argument.
serve(shout)
`);
  await access(join(home.path, 'user_scripts/shout.py'), constants.X_OK);
  expect(await readFile(join(home.path, 'functions/shout_function.xml'), 'utf8')).toBe(`<functions>
    <!-- shout(text String) String. After a change, "embedhouse functions check" looks for faults, and "embedhouse
         functions test shout ..." runs the script by itself. -->
    <function>
        <!-- A pool: its processes stay and answer block after block. With "executable" one is started for each
             block. -->
        <type>executable_pool</type>
        <name>shout</name>
        <argument>
            <type>String</type>
            <name>text</name>
        </argument>
        <return_type>String</return_type>
        <!-- The script finds types and format here. RowBinary is the fastest; TabSeparated and JSONEachRow can be read,
             and Native has the types with it. -->
        <format>RowBinary</format>
        <!-- A file in the folder of scripts, executable, beginning with #!; words for it may follow, with a blank
             before each. -->
        <command>shout.py</command>
        <!-- A line with the number of rows goes before each block, so that the kit knows where a block ends. -->
        <send_chunk_header>1</send_chunk_header>
        <!-- 1 if the same arguments always give the same result: the query cache may then keep it. -->
        <deterministic>0</deterministic>
        <!-- The most processes. They start when they are needed, and stay. -->
        <pool_size>4</pool_size>
        <!-- Seconds that a call waits for a free process of the pool. -->
        <max_command_execution_time>60</max_command_execution_time>
        <!-- Milliseconds of silence after which a call fails. The start of the script is silence. -->
        <command_read_timeout>10000</command_read_timeout>
        <!-- What the script last wrote to stderr goes into the exception of a call that fails. -->
        <stderr_reaction>log_last</stderr_reaction>
    </function>
</functions>
`);
  const checked = await home.check();
  expect(checked).toEqual({ exitCode: 0, stderr: '', stdout: '1 functions read, 0 errors, 0 warnings, 0 notes\n' });
});

const vector = ['--returns', 'Array(Float32)'];
const odd = [
  '--argument',
  "a:Enum8('it''s $HOME `x`' = 1)",
  '--argument',
  'b:Array(Tuple(`the "b"` UInt8, c Nullable(String)))',
  '--argument',
  'c:Map(LowCardinality(String),Decimal(9,2))',
  '--returns',
  "Tuple(text String, `x y` Array(DateTime64(6,'UTC')))",
];

test.each([
  [['f1', '--language', 'python', ...vector], '[5,2]'],
  [['f1', '--language', 'typescript', ...vector], '[5,2]'],
  [['f1', '--language', 'javascript', ...vector, '--format', 'JSONEachRow', '--type', 'executable'], '[5,2]'],
  [['f1', '--language', 'bash', ...vector, '--type', 'executable'], '[5,2]'],
  [['f1', '--language', 'python', '--returns', 'UInt64', '--format', 'Native'], '5'],
  [['f1', '--language', 'javascript', '--returns', 'Nullable(UInt64)', '--format', 'TabSeparated'], '5'],
  [['f1', '--language', 'bash', '--returns', 'Int256', '--format', 'TabSeparated'], '5'],
  [['f1', '--language', 'bash', '--argument', 'n:UInt8', '--argument', 'text:String'], 'Hello, 3, a dog'],
  [['f1', '--language', 'python', '--argument', 'n:UInt8'], '3'],
  [['f1', '--language', 'python', '--argument', 'a:varchar(10)', '--argument', 'b:BIGINT', '--returns', 'BIGINT'], '3'],
  [['f1', '--language', 'python', ...odd, '--type', 'executable'], "('',[])"],
  [['f1', '--language', 'typescript', ...odd], "('',[])"],
  [['f1', '--language', 'bash', ...odd], "('',[])"],
])('prints commands for %j that work as they stand', async (args, expected) => {
  const [tested, queried] = await home.tryAll(await home.createWell(args));
  expect(tested).toMatch(/\nClickHouse would be content\.$/);
  expect(queried).toBe(expected);
});

test('says what it wrote as JSON', async () => {
  const args = ['later', '--language', 'bash', '--argument', 'at:DateTime', '--returns', 'DateTime', '--json'];
  expect(JSON.parse(await home.createWell(args))).toEqual({
    name: 'later',
    file: join(home.path, 'functions/later_function.xml'),
    script: join(home.path, 'user_scripts/later.sh'),
    kit: null,
    language: 'bash',
    type: 'executable_pool',
    format: 'TabSeparated',
    arguments: [{ name: 'at', type: 'DateTime' }],
    returns: 'DateTime',
    values: ['2026-01-31 12:00:00'],
    example: "SELECT later('2026-01-31 12:00:00')",
  });
});

const python = ['--language', 'python'];

test('puts a kit beside the scripts where they would not find it, and leaves one that is there', async () => {
  expect(await home.createWell(['a1', ...python])).toMatch(
    /\nPut the kit beside it: .*user_scripts\/embedhouse_udf\.py\n/,
  );
  expect(await home.createWell(['a2', ...python])).not.toContain('kit');
  const kit = await readFile(join(repositoryPath, 'user_scripts/embedhouse_udf.py'), 'utf8');
  expect(await readFile(join(home.path, 'user_scripts/embedhouse_udf.py'), 'utf8')).toBe(kit);
  expect(await home.createWell(['b1', '--language', 'javascript'])).toMatch(
    /\nPut the kit beside it: .*user_scripts\/node_modules\/embedhouse\n/,
  );
  expect(await home.createWell(['b2', '--language', 'javascript'])).not.toContain('kit');
  const linked = await readlink(join(home.path, 'user_scripts/node_modules/embedhouse'));
  expect(`${linked}/`).toBe(repositoryPath);
  expect(await home.query("SELECT a1('x'), a2('y'), b1('x'), b2('y')")).toBe('X\tY\tX\tY\n');
});

test('says the types in a script that is where the kit would not find them', async () => {
  const scripts = join(sandbox.path, 'other scripts');
  const args = ['--argument', 'a:Map(String,Array(UInt8))', '--argument', 'b:DateTime', '--returns', 'Array(DateTime)'];
  for (const [language, format] of [
    ['python', 'RowBinary'],
    ['javascript', 'JSONEachRow'],
  ] as const) {
    const flags = ['--language', language, '--format', format, '--user-scripts', scripts];
    const stdout = await home.createWell([`in_${language}`, ...flags, ...args]);
    expect(stdout).toContain('The script says its types too, because the kit does not look for definitions in that');
    const [tested, queried] = await home.tryAll(stdout);
    expect(tested).toMatch(/\nClickHouse would be content\.$/);
    expect(queried).toBe('[]');
  }
  await rm(scripts, { recursive: true });
});

test('calls a script otherwise that would hide a module of Python, or the kit', async () => {
  expect(await home.createWell(['json', ...python])).toContain('user_scripts/json_function.py and ');
  expect(await home.createWell(['embedhouse_udf', ...python])).toContain(
    'user_scripts/embedhouse_udf_function.py and ',
  );
  const checked = await home.check();
  expect(checked.stdout).toBe('2 functions read, 0 errors, 0 warnings, 0 notes\n');
  expect(await home.query("SELECT json('a'), embedhouse_udf('b')")).toBe('A\tB\n');
});

/** Names that mean something in one of the languages, as arguments and as functions. */
const names = [
  'class',
  'lambda',
  'from',
  'await',
  'arguments',
  'serve',
  'str',
  'String',
  'Map',
  'UID',
  'line',
  '_',
  'a1_',
];

test.each(['python', 'javascript', 'bash'])('takes names that are words of %s', async (language) => {
  const given = names.flatMap((name) => ['--argument', `${name}:String`]);
  await home.createWell(['all_words', '--language', language, ...given, '--returns', 'UInt64']);
  const values = names.map((_, index) => `'${'x'.repeat(index + 1)}'`).join(', ');
  expect(await home.query(`SELECT all_words(${values})`)).toBe('1\n');
  const functionNames = ['class', 'lambda', 'await', 'arguments', 'serve', 'str'];
  for (const name of functionNames) {
    await home.createWell([name, '--language', language, '--argument', `${name}:UInt32`, '--returns', 'Array(String)']);
  }
  expect(await home.query(`SELECT ${functionNames.map((name) => `${name}(1)`).join(', ')}`)).toBe(
    `${functionNames.map(() => '[]').join('\t')}\n`,
  );
});

test('a script in bash keeps empty fields, escapes and what a shell would look into', async () => {
  const args = ['--argument', 'a:String', '--argument', 'b:String', '--argument', 'c:Nullable(String)'];
  await home.createWell(['both', '--language', 'bash', ...args]);
  await home.createWell(['third', '--language', 'bash', ...args, '--returns', 'Nullable(UInt8)']);
  await home.createWell([
    'echo_c',
    '--language',
    'bash',
    '--argument',
    'c:Nullable(String)',
    '--returns',
    'Nullable(String)',
  ]);
  const sql = String.raw`SELECT both('', 'a\tb\nc\\', '$(id) * ~ ') = 'Hello, , a\tb\nc\\, $(id) * ~ ', third('', '', NULL) IS NULL,
    echo_c(materialize(' x\\N ')) = ' x\\N ', (SELECT sum(length(echo_c(toString(number)))) FROM numbers(1000))`;
  expect(await home.query(sql)).toBe('1\t1\t1\t2890\n');
});
