import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { fixturesPath, makeSandbox, type Sandbox } from './sandbox.ts';

const misbehaving = join(fixturesPath, 'misbehaving');

let sandbox: Sandbox;
let home: string;

const define = (name: string, options: string, args = '<argument><type>String</type></argument>'): string =>
  `<function><name>${name}</name>${args}<return_type>String</return_type><format>TabSeparated</format>${options}</function>`;

beforeAll(async () => {
  sandbox = await makeSandbox();
  home = join(sandbox.path, 'own');
  await mkdir(join(home, 'functions'), { recursive: true });
  await mkdir(join(home, 'user_scripts'));
  const functions = [
    define(
      'with_parameters',
      '<type>executable</type><command>words.sh {text:String} -n{count:UInt8} {day:Date}  {list:Array(UInt8)}</command>',
    ),
    define(
      'patient',
      '<type>executable_pool</type><command>hangs.sh</command><command_read_timeout>600000</command_read_timeout>',
    ),
    define(
      'sums',
      '<type>executable_pool</type><command>sums.sh</command>',
      '<argument><type>UInt8</type><name>a</name></argument><argument><type>Nullable(UInt8)</type><name>b</name></argument>',
    ),
  ];
  await writeFile(join(home, 'functions/own_function.xml'), `<functions>${functions.join('')}</functions>`);
  const scripts: Record<string, string> = {
    'words.sh': 'while read -r _; do for word in "$@"; do printf "<%s>" "$word"; done; echo; done',
    'hangs.sh': 'exec sleep 600',
    'sums.sh': String.raw`while read -r a b; do [ "$b" = '\N' ] && b=0; echo "$((a + b))"; done`,
  };
  for (const [name, code] of Object.entries(scripts)) {
    await writeFile(join(home, 'user_scripts', name), `#!/bin/sh\n${code}\n`, { mode: 0o755 });
  }
});

afterAll(async () => {
  await sandbox.remove();
});

test('shows what went in and came out, how long it took, and that ClickHouse would be content', async () => {
  const tested = await sandbox.run(['functions', 'test', 'sums', '40', '2', '--home', home, '--repeat', '2']);
  expect(tested.stdout).toMatch(/^sums: executable_pool, TabSeparated\nruns .*\/user_scripts\/sums\.sh\n/);
  expect(tested.stdout).toMatch(
    /\nblock 1: 1 row, 5 B\n {2}40\t2\nanswer: 1 row, 3 B: first byte after .* ms, with its start, .* ms a row\n {2}42\n/,
  );
  expect(tested.stdout).toMatch(/\nblock 2: 1 row, 5 B as before\nanswer: 1 row, 3 B as before: first byte after /);
  expect(tested.stdout).toMatch(/\nend: exit code 0, .* ms after EOF\n\nClickHouse would be content\.\n$/);
  expect(tested).toMatchObject({ exitCode: 0, stderr: '' });
});

test('says what ClickHouse would not be content with, and exits with 1', async () => {
  const tested = await sandbox.run(['functions', 'test', 'raises', '--rows', '-', '--home', misbehaving], {
    input: '0\n1\n2\n',
  });
  expect(tested.stdout).toMatch(/\nstderr:\n {2}Traceback .*\n {2}ValueError: cannot handle '2'\n/s);
  expect(tested.stdout).toMatch(
    /\nerror: ended \(exit code 1\) after it had answered 2 of 3 rows; it must answer one for each\n$/,
  );
  expect(tested).toMatchObject({ exitCode: 1, stderr: '' });
});

test('reads rows from a file, and tells all as JSON', async () => {
  const rows = join(sandbox.path, 'rows.tsv');
  await writeFile(rows, '1\t2\n3\t\\N\n');
  const tested = await sandbox.run([
    'functions',
    'test',
    'sums',
    '--rows',
    rows,
    '--repeat',
    '1',
    '--json',
    '--home',
    home,
  ]);
  expect(JSON.parse(tested.stdout)).toMatchObject({
    function: 'sums',
    command: [join(home, 'user_scripts/sums.sh')],
    isContent: true,
    findings: [],
    blocks: [
      {
        outcome: 'answered',
        rows: 2,
        answeredRows: 2,
        answers: ['3', '3'],
        input: { bytes: 9, text: '1\t2\n3\t\\N\n' },
        output: { bytes: 4, text: '3\n3\n' },
        stderr: '',
      },
    ],
    ends: [{ exitCode: 0, signal: null }],
  });
  expect(tested).toMatchObject({ exitCode: 0, stderr: '' });
});

test('gives parameters to a command as ClickHouse does', async () => {
  const values = { text: String.raw`it's a \ "text"`, count: '7', day: '2024-01-02', list: '[1,2]' };
  const tested = await sandbox.run([
    'functions',
    'test',
    'with_parameters',
    'x',
    '--json',
    '--home',
    home,
    ...Object.entries(values).flatMap(([name, value]) => ['--param', `${name}=${value}`]),
  ]);
  const { blocks } = JSON.parse(tested.stdout) as { blocks: { output: { text: string } }[] };
  const sql = String.raw`SELECT with_parameters('it\'s a \\ "text"', 7, '2024-01-02', [1, 2])('x') FORMAT TabSeparatedRaw`;
  const answer = await sandbox.query(sql, { env: { EMBEDHOUSE_HOME: home } });
  expect(answer).toContain(`<-n7>`);
  // What the script prints is in TabSeparated, which ClickHouse has read.
  expect(blocks[0]?.output.text.replaceAll(/\\(.)/g, '$1')).toBe(answer);
});

test('waits no longer than --timeout, and says how long ClickHouse would', async () => {
  const tested = await sandbox.run(['functions', 'test', 'patient', 'x', '--timeout', '0.5', '--home', home]);
  expect(tested.stdout).toContain(
    'error: answered nothing, then was silent for 500 ms; ClickHouse would wait 600000 ms (<command_read_timeout>), as the test does with --timeout 600\n',
  );
  expect(tested).toMatchObject({ exitCode: 1, stderr: '' });
});

test('Ctrl-C stops the test and the script', async () => {
  const started = sandbox.start(['functions', 'test', 'patient', 'x', '--home', home]);
  const isRunning = async (): Promise<boolean> =>
    (await sandbox.processes()).some((each) => each.includes('sleep 600'));
  while (!(await isRunning()));
  process.kill(started.pid, 'SIGINT');
  expect(await started.ended).toEqual({ exitCode: 130, stderr: 'embedhouse: the test of patient was stopped\n' });
  expect(await isRunning()).toBe(false);
});

test.each([
  [['nothing_like_it', 'x'], /^embedhouse: no function in .* is called 'nothing_like_it'; embedhouse functions list/],
  [['sum', '1', '2'], /^embedhouse: no function in .* is called 'sum'; did you mean 'sums'\?$/],
  [
    ['sums', '1'],
    /^embedhouse: sums takes 2 arguments \(a UInt8, b Nullable\(UInt8\)\), and 1 are given; give one value each, or --rows$/,
  ],
  [
    ['sums', '1', 'two'],
    /^embedhouse: the rows cannot be read as the function's arguments \(a UInt8, b Nullable\(UInt8\)\): /,
  ],
  [['sums', '1', '2', '--rows', '-'], /^embedhouse: the arguments are given twice: leave out the values or --rows$/],
  [
    ['with_parameters', 'x'],
    /^embedhouse: the command '.*' has the parameter \{text:String\}; give it with --param text=VALUE$/,
  ],
  [['sums', '1', '2', '--param', 'n=1'], /^embedhouse: the command 'sums\.sh' has no parameter \{n\}$/],
])('%j is wrong usage', async (args, message) => {
  const tested = await sandbox.run(['functions', 'test', ...args, '--home', home]);
  expect(tested.stderr.trimEnd()).toMatch(message);
  expect(tested).toMatchObject({ exitCode: 2, stdout: '' });
});

test('names a file that is not there', async () => {
  const tested = await sandbox.run(['functions', 'test', 'sums', '--rows', 'no-such-file', '--home', home]);
  expect(tested.stderr).toMatch(/^embedhouse: cannot read the rows from 'no-such-file': ENOENT/);
  expect(tested.exitCode).toBe(1);
  expect(await readFile(join(home, 'functions/own_function.xml'), 'utf8')).toContain('sums');
});
