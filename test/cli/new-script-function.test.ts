import { access, constants, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { makeSandbox, programPath, repositoryPath, type Answer, type RunOptions, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let home: string;
let homes = 0;

beforeAll(async () => {
  sandbox = await makeSandbox();
});

/** Each test has a home with nothing in it but a function file of its own, so that nothing is furnished. */
beforeEach(async () => {
  home = join(sandbox.path, `it's home ${(homes += 1)}`);
  await mkdir(join(home, 'functions'), { recursive: true });
  await writeFile(join(home, 'functions/note.txt'), 'a home');
});

afterAll(async () => {
  await sandbox.remove();
});

async function create(args: readonly string[], options: RunOptions = {}): Promise<Answer> {
  return sandbox.run(['--home', home, 'functions', 'new', ...args], options);
}

async function createWell(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await create(args, options);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

async function query(sql: string): Promise<string> {
  return sandbox.query(sql, { env: { EMBEDHOUSE_HOME: home } });
}

async function files(): Promise<string[]> {
  return (await readdir(home, { recursive: true })).filter((path) => !path.includes('__pycache__')).toSorted();
}

/** Runs the commands that the program has printed, each in a shell. */
async function tryAll(printed: string): Promise<string[]> {
  const commands = [...printed.matchAll(/^(?:Test|Try) it: +(.*)$/gm)].map(([, command = '']) => command);
  const outputs: string[] = [];
  for (const command of commands) {
    const script = `embedhouse() { "$NODE" "$PROGRAM" "$@"; }\n${command}`;
    const env = { ...sandbox.env, NODE: process.execPath, PROGRAM: programPath };
    const { stdout, stderr } = await execa('/bin/sh', ['-c', script], { env, extendEnv: false });
    expect(stderr).toBe('');
    outputs.push(stdout);
  }
  return outputs;
}

test('writes a definition and an executable script, with a word on each part', async () => {
  const stdout = await createWell(['shout', '--language', 'python']);
  expect(stdout).toMatch(
    /^Wrote .*user_scripts\/shout\.py and .*functions\/shout_function\.xml: shout\(text String\) String\n/,
  );
  expect(await readFile(join(home, 'user_scripts/shout.py'), 'utf8')).toBe(`#!/usr/bin/env python3
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
  await access(join(home, 'user_scripts/shout.py'), constants.X_OK);
  expect(await readFile(join(home, 'functions/shout_function.xml'), 'utf8')).toBe(`<functions>
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
  const checked = await sandbox.run(['--home', home, 'functions', 'check']);
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
  const [tested, queried] = await tryAll(await createWell(args));
  expect(tested).toMatch(/\nClickHouse would be content\.$/);
  expect(queried).toBe(expected);
});

test('says what it wrote as JSON', async () => {
  const args = ['later', '--language', 'bash', '--argument', 'at:DateTime', '--returns', 'DateTime', '--json'];
  expect(JSON.parse(await createWell(args))).toEqual({
    name: 'later',
    file: join(home, 'functions/later_function.xml'),
    script: join(home, 'user_scripts/later.sh'),
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

test.each([
  [['a-b', ...python], "'a-b' cannot be the name of a function"],
  [['from', ...python], "'from' is a word of SQL, which cannot be called without backquotes"],
  [['lower', ...python], "ClickHouse has a function 'lower' of its own"],
  [['f', '--language', 'perl'], 'Allowed choices are python, typescript, javascript, bash'],
  [
    ['f', ...python, '--argument', 'String'],
    "the argument 'String' is not a name, a colon and a type; write it such as",
  ],
  [['f', ...python, '--argument', ':String'], "the argument ':String' is not a name, a colon and a type"],
  [['f', ...python, '--argument', 'text:'], "the argument 'text:' is not a name, a colon and a type"],
  [['f', ...python, '--argument', ''], "the argument '' is not a name, a colon and a type"],
  [['f', ...python, '--argument', 'my text:String'], "'my text' cannot be the name of an argument"],
  [['f', ...python, '--argument', 'a:String', '--argument', 'a:UInt8'], "two arguments are called 'a'; give each"],
  [
    ['f', ...python, '--argument', 'a:Strin'],
    "argument 'a': 'Strin' is not a type of ClickHouse; did you mean 'String'?",
  ],
  [
    ['f', ...python, '--returns', 'Array(Strin)'],
    "the return type: 'Strin' is not a type of ClickHouse (in 'Array(Strin)')",
  ],
  [['f', ...python, '--returns', 'Array(String'], "the return type: 'Array(String' is not a type: a '(' is not closed"],
  [
    ['f', ...python, '--returns', 'Nullable(Array(String))'],
    "ClickHouse does not take the type 'Nullable(Array(String))': Nested type Array(String) cannot be inside Nullable type\n",
  ],
  [['f', ...python, '--returns', ''], "the return type: '' is not a type: there is no type"],
  [
    ['f', ...python, '--argument', 'a:Array(Variant(String, UInt8))'],
    "argument 'a': type Variant (in 'Array(Variant(String, UInt8))') is not one that a function can have here: declare String and convert in SQL",
  ],
  [
    ['f', '--language', 'typescript', '--returns', 'JSON'],
    'the return type: type JSON is not one that a function can have',
  ],
  [
    ['f', '--language', 'bash', '--format', 'RowBinary'],
    'a script in bash reads and writes TabSeparated, and not RowBinary',
  ],
  [['f', ...python, '--format', 'CSV'], 'Allowed choices are TabSeparated, JSONEachRow, RowBinary, Native'],
  [['f', ...python, '--type', 'pool'], 'Allowed choices are executable, executable_pool'],
  [
    ['f', ...python, '--model', 'emoji-clip'],
    '--model is about a function that runs a model, and --language writes one',
  ],
  [['f', ...python, '--on-error', 'zero'], '--on-error is about a function that runs a model'],
  [['f', ...python, '--normalize'], '--normalize is about a function that runs a model'],
  [['f', '--argument', 'a:String'], '--argument is about a function of your own; say with --language'],
  [
    ['f', '--returns', 'String', '--model', 'emoji-clip'],
    '--returns is about a function of your own; say with --language',
  ],
])('refuses %j with one sentence, and writes nothing', async (args, message) => {
  const before = await files();
  const refused = await create(args);
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toContain(message);
  expect(refused.stderr).toMatch(/^(?:embedhouse|error): [^\n]*\n(?:Run with --help for what is possible\.\n)?$/);
  expect(await files()).toEqual(before);
});

test.each([
  ['python', 'python3'],
  ['typescript', 'node'],
  ['bash', 'bash'],
])('writes no script in %s where there is no %s to run it', async (language, program) => {
  const before = await files();
  const refused = await create(['f', '--language', language], { env: { PATH: join(home, 'functions') } });
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(new RegExp(`^embedhouse: [^\\n]*'${program}'[^\\n]*\\n$`));
  expect(await files()).toEqual(before);
});

test('overwrites neither a script nor a definition, and names the one that is there', async () => {
  await mkdir(join(home, 'user_scripts'));
  await writeFile(join(home, 'user_scripts/mine.py'), 'mine');
  const script = await create(['mine', ...python]);
  expect(script).toMatchObject({ exitCode: 1, stdout: '' });
  expect(script.stderr).toMatch(/^embedhouse: .*user_scripts\/mine\.py exists already; [^\n]*\n$/);
  await writeFile(join(home, 'functions/mine_function.xml'), '<functions><comment>mine</comment></functions>');
  const before = await files();
  for (const language of ['bash', 'javascript']) {
    const definition = await create(['mine', '--language', language]);
    expect(definition).toMatchObject({ exitCode: 1, stdout: '' });
    expect(definition.stderr).toMatch(/^embedhouse: .*functions\/mine_function\.xml exists already; [^\n]*\n$/);
  }
  expect((await files()).filter((path) => path !== 'user_scripts/node_modules')).toEqual(before);
  expect(await readFile(join(home, 'user_scripts/mine.py'), 'utf8')).toBe('mine');
  expect(await readFile(join(home, 'functions/mine_function.xml'), 'utf8')).toContain('mine');
});

test('takes the script and the kit away again when the definition cannot be written', async () => {
  const functions = join(home, 'functions/note.txt');
  const before = await files();
  const refused = await create(['f', ...python, '--functions', functions]);
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^embedhouse: .*note\.txt\/f_function\.xml cannot be written \([^\n]*--functions\n$/);
  expect((await files()).filter((path) => path !== 'user_scripts')).toEqual(before);
});

test('says why the scripts’ folder cannot be used', async () => {
  for (const language of ['python', 'javascript', 'bash']) {
    const refused = await create(['f', '--language', language, '--user-scripts', join(home, 'functions/note.txt')]);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^embedhouse: [^\n]*note\.txt[^\n]*--user-scripts\n$/);
  }
});

test('puts a kit beside the scripts where they would not find it, and leaves one that is there', async () => {
  expect(await createWell(['a1', ...python])).toMatch(/\nPut the kit beside it: .*user_scripts\/embedhouse_udf\.py\n/);
  expect(await createWell(['a2', ...python])).not.toContain('kit');
  const kit = await readFile(join(repositoryPath, 'user_scripts/embedhouse_udf.py'), 'utf8');
  expect(await readFile(join(home, 'user_scripts/embedhouse_udf.py'), 'utf8')).toBe(kit);
  expect(await createWell(['b1', '--language', 'javascript'])).toMatch(
    /\nPut the kit beside it: .*user_scripts\/node_modules\/embedhouse\n/,
  );
  expect(await createWell(['b2', '--language', 'javascript'])).not.toContain('kit');
  const linked = await readlink(join(home, 'user_scripts/node_modules/embedhouse'));
  expect(`${linked}/`).toBe(repositoryPath);
  expect(await query("SELECT a1('x'), a2('y'), b1('x'), b2('y')")).toBe('X\tY\tX\tY\n');
});

test('says the types in a script that is where the kit would not find them', async () => {
  const scripts = join(sandbox.path, 'other scripts');
  const args = ['--argument', 'a:Map(String,Array(UInt8))', '--argument', 'b:DateTime', '--returns', 'Array(DateTime)'];
  for (const language of ['python', 'javascript']) {
    for (const format of ['RowBinary', 'JSONEachRow']) {
      const flags = ['--language', language, '--format', format, '--user-scripts', scripts];
      const stdout = await createWell([`${language}_${format}`, ...flags, ...args]);
      expect(stdout).toContain('The script says its types too, because the kit does not look for definitions in that');
      const [tested, queried] = await tryAll(stdout);
      expect(tested).toMatch(/\nClickHouse would be content\.$/);
      expect(queried).toBe('[]');
    }
  }
  await rm(scripts, { recursive: true });
});

test('calls a script otherwise that would hide a module of Python, or the kit', async () => {
  expect(await createWell(['json', ...python])).toContain('user_scripts/json_function.py and ');
  expect(await createWell(['embedhouse_udf', ...python])).toContain('user_scripts/embedhouse_udf_function.py and ');
  const checked = await sandbox.run(['--home', home, 'functions', 'check']);
  expect(checked.stdout).toBe('2 functions read, 0 errors, 0 warnings, 0 notes\n');
  expect(await query("SELECT json('a'), embedhouse_udf('b')")).toBe('A\tB\n');
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
  await createWell(['all_words', '--language', language, ...given, '--returns', 'UInt64']);
  const values = names.map((_, index) => `'${'x'.repeat(index + 1)}'`).join(', ');
  expect(await query(`SELECT all_words(${values})`)).toBe('1\n');
  const functionNames = ['class', 'lambda', 'await', 'arguments', 'serve', 'str'];
  for (const name of functionNames) {
    await createWell([name, '--language', language, '--argument', `${name}:UInt32`, '--returns', 'Array(String)']);
  }
  expect(await query(`SELECT ${functionNames.map((name) => `${name}(1)`).join(', ')}`)).toBe(
    `${functionNames.map(() => '[]').join('\t')}\n`,
  );
});

test('a script in bash keeps empty fields, escapes and what a shell would look into', async () => {
  const args = ['--argument', 'a:String', '--argument', 'b:String', '--argument', 'c:Nullable(String)'];
  await createWell(['both', '--language', 'bash', ...args]);
  await createWell(['third', '--language', 'bash', ...args, '--returns', 'Nullable(UInt8)']);
  await createWell([
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
  expect(await query(sql)).toBe('1\t1\t1\t2890\n');
});
