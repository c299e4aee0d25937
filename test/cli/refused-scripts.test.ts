import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { BareHome } from './bare-home.ts';
import { makeSandbox, type Sandbox } from './sandbox.ts';

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
  const before = await home.files();
  const refused = await home.create(args);
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toContain(message);
  expect(refused.stderr).toMatch(/^(?:embedhouse|error): [^\n]*\n(?:Run with --help for what is possible\.\n)?$/);
  expect(await home.files()).toEqual(before);
});

test.each([
  ['python', 'python3'],
  ['typescript', 'node'],
  ['bash', 'bash'],
])('writes no script in %s where there is no %s to run it', async (language, program) => {
  const before = await home.files();
  const refused = await home.create(['f', '--language', language], { env: { PATH: join(home.path, 'functions') } });
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(new RegExp(`^embedhouse: [^\\n]*'${program}'[^\\n]*\\n$`));
  expect(await home.files()).toEqual(before);
});

test('overwrites neither a script nor a definition, and names the one that is there', async () => {
  await mkdir(join(home.path, 'user_scripts'));
  await writeFile(join(home.path, 'user_scripts/mine.py'), 'mine');
  const script = await home.create(['mine', ...python]);
  expect(script).toMatchObject({ exitCode: 1, stdout: '' });
  expect(script.stderr).toMatch(/^embedhouse: .*user_scripts\/mine\.py exists already; [^\n]*\n$/);
  await writeFile(join(home.path, 'functions/mine_function.xml'), '<functions><comment>mine</comment></functions>');
  const before = await home.files();
  for (const language of ['bash', 'javascript']) {
    const definition = await home.create(['mine', '--language', language]);
    expect(definition).toMatchObject({ exitCode: 1, stdout: '' });
    expect(definition.stderr).toMatch(/^embedhouse: .*functions\/mine_function\.xml exists already; [^\n]*\n$/);
  }
  expect((await home.files()).filter((path) => path !== 'user_scripts/node_modules')).toEqual(before);
  expect(await readFile(join(home.path, 'user_scripts/mine.py'), 'utf8')).toBe('mine');
  expect(await readFile(join(home.path, 'functions/mine_function.xml'), 'utf8')).toContain('mine');
});

test('takes the script and the kit away again when the definition cannot be written', async () => {
  const functions = join(home.path, 'functions/note.txt');
  const before = await home.files();
  const refused = await home.create(['f', ...python, '--functions', functions]);
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^embedhouse: .*note\.txt\/f_function\.xml cannot be written \([^\n]*--functions\n$/);
  expect((await home.files()).filter((path) => path !== 'user_scripts')).toEqual(before);
});

test('says why the scripts’ folder cannot be used', async () => {
  for (const language of ['python', 'javascript', 'bash']) {
    const refused = await home.create([
      'f',
      '--language',
      language,
      '--user-scripts',
      join(home.path, 'functions/note.txt'),
    ]);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^embedhouse: [^\n]*note\.txt[^\n]*--user-scripts\n$/);
  }
});
