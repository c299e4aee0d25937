import { chmod, cp, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { makeSandbox, repositoryPath, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let home: string;

beforeEach(async () => {
  sandbox = await makeSandbox();
  home = join(sandbox.path, 'own');
  await mkdir(join(home, 'functions'), { recursive: true });
  await mkdir(join(home, 'user_scripts'));
});

afterEach(async () => {
  await sandbox.remove();
});

async function write(path: string, text: string | Buffer, mode = 0o755): Promise<void> {
  await writeFile(join(home, path), text);
  await chmod(join(home, path), mode);
}

const definition = (name: string, script: string, more = ''): string => `<functions><function>
  <type>executable</type><name>${name}</name><argument><type>String</type></argument>
  <return_type>String</return_type><format>TabSeparated</format><command>${script}</command>${more}
</function></functions>`;

const check = async (...args: string[]): ReturnType<Sandbox['run']> =>
  sandbox.run(['functions', 'check', '--home', home, ...args], { cwd: home });

test('--fix repairs what is safe to repair, says so, and the functions then run', async () => {
  const scripts = {
    'plain.sh': '#!/bin/sh\nexec cat\n',
    'windows.sh': '#!/bin/sh\r\nread -r line\r\necho "$line"\r\n',
    'all.sh': '\ufeff#!/bin/sh\r\nread -r line\r\necho "$line"\r\n',
    'latin.sh': Buffer.from('#!/bin/sh\r\nread -r line\r\necho "\u00e9$line"\r\n', 'latin1'),
    'broken.sh': 'exec cat\n',
  };
  for (const [name, text] of Object.entries(scripts)) {
    await write(`user_scripts/${name}`, text, name === 'plain.sh' || name === 'all.sh' ? 0o640 : 0o755);
    await write(`functions/${name}_function.xml`, definition(name.replace('.sh', ''), name), 0o644);
  }
  const before = await check();
  expect(before).toMatchObject({ exitCode: 1, stderr: '' });
  expect(before.stdout).toContain('5 functions read, 6 errors');

  const fixed = await check('--fix');
  expect(fixed.stdout.split('\n')).toEqual([
    'user_scripts/all.sh: made executable',
    'user_scripts/all.sh: freed of its byte order mark',
    'user_scripts/latin.sh: given LF line endings',
    'user_scripts/plain.sh: made executable',
    'user_scripts/windows.sh: given LF line endings',
    'user_scripts/all.sh: given LF line endings',
    expect.stringMatching(/^functions\/broken\.sh_function\.xml:3:65: <command>: .* does not begin with '#!'/),
    '5 functions read, 1 errors, 0 warnings, 0 notes',
    '',
  ]);
  expect(fixed.exitCode).toBe(1);
  expect((await stat(join(home, 'user_scripts/all.sh'))).mode & 0o777).toBe(0o750);
  expect(await readFile(join(home, 'user_scripts/latin.sh'), 'latin1')).toBe(
    '#!/bin/sh\nread -r line\necho "\u00e9$line"\n',
  );
  await write('user_scripts/broken.sh', '#!/bin/sh\nexec cat\n');
  expect(await check('--fix')).toMatchObject({ exitCode: 0 });
  expect(await sandbox.query("SELECT plain('a'), windows('b'), \"all\"('c')", { env: { EMBEDHOUSE_HOME: home } })).toBe(
    'a\tb\tc\n',
  );
});

test('--fix leaves alone what lies outside the user scripts folder', async () => {
  await writeFile(join(sandbox.path, 'outside.sh'), '#!/bin/sh\r\nexec cat\r\n');
  await symlink('../../outside.sh', join(home, 'user_scripts/link.sh'));
  await write('functions/link_function.xml', definition('link', 'link.sh'), 0o644);
  const { exitCode, stdout } = await check('--fix', '--json');
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ errors: 2, fixed: [] });
  expect(await readFile(join(sandbox.path, 'outside.sh'), 'utf8')).toContain('\r\n');
});

test('--json has everything that an editor or CI needs', async () => {
  await write('user_scripts/echo.sh', '#!/bin/sh\nexec cat\n', 0o644);
  await write(
    'functions/slow_function.xml',
    definition('slow', 'echo.sh', '<command_read_timeout>10</command_read_timeout>'),
    0o644,
  );
  const { stdout } = await check('--json');
  const path = join(home, 'user_scripts/echo.sh');
  const place = { file: join(home, 'functions/slow_function.xml'), line: 3, functionName: 'slow' };
  expect(JSON.parse(stdout)).toEqual({
    functions: 1,
    errors: 1,
    warnings: 1,
    notes: 0,
    problems: [
      {
        ...place,
        severity: 'error',
        column: 65,
        element: 'command',
        message: "script 'echo.sh' is not executable",
        remedy: `run chmod +x ${path}`,
        fix: { repair: 'make-executable', path },
      },
      {
        ...place,
        severity: 'warning',
        column: 91,
        element: 'command_read_timeout',
        message: '10 is 0.01 s, for the longest silence of the script in milliseconds, its start included',
        remedy: 'write milliseconds, such as 10000',
      },
    ],
    fixed: [],
  });
  const fixed = await check('--json', '--fix');
  expect(fixed.exitCode).toBe(0);
  expect(JSON.parse(fixed.stdout)).toMatchObject({
    errors: 0,
    warnings: 1,
    fixed: [{ repair: 'make-executable', path }],
  });
});

test('a file is checked alone, wherever it is, beside the names of the others', async () => {
  await write('user_scripts/echo.sh', '#!/bin/sh\nexec cat\n');
  await write('functions/a_function.xml', definition('taken', 'echo.sh'), 0o644);
  await write('functions/b_function.xml', definition('b', 'nowhere.sh'), 0o644);
  await write(
    'draft.yaml',
    'function: {type: executable, name: taken, return_type: String, format: TSV, command: echo.sh}\n',
  );

  const a = await check('functions/a_function.xml');
  expect(a).toEqual({ exitCode: 0, stdout: '1 functions read, 0 errors, 0 warnings, 0 notes\n', stderr: '' });

  const draft = await check('draft.yaml');
  expect(draft.exitCode).toBe(1);
  expect(draft.stdout.split('\n')).toEqual([
    expect.stringMatching(/^draft\.yaml:1:1: note: ClickHouse does not read this file/),
    expect.stringMatching(/^draft\.yaml:1:30: name: function 'taken' is already defined in a_function\.xml:1/),
    '1 functions read, 1 errors, 0 warnings, 1 notes',
    '',
  ]);

  await cp(join(home, 'draft.yaml'), join(home, 'functions/draft_function.yaml'));
  const first = await check('functions/a_function.xml');
  expect(first.stdout).toContain("'taken' is already defined in draft_function.yaml:1");
});

test.for([
  ['nowhere_function.xml', 'nowhere_function.xml is not a file'],
  ['functions', 'functions is not a file'],
  ['user_scripts/a.py', 'user_scripts/a.py is neither XML nor YAML by its name'],
] as const)('wrong usage: %s', async ([file, fault]) => {
  await write('user_scripts/a.py', '');
  const { exitCode, stdout, stderr } = await check(file);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toBe(`embedhouse: ${fault}; name function files, such as functions/slug_function.xml\n`);
});

test('knows the options of the bridge and the installed models', async () => {
  await symlink(join(repositoryPath, 'dist/bridge/embed.js'), join(home, 'user_scripts/embed'));
  await write(
    'functions/hosted_function.xml',
    definition('hosted', 'embed hosted --input text --format Native --model nowhere'),
    0o644,
  );
  const { stdout } = await check();
  expect(stdout).toContain("--format Native is not the function's format, TabSeparated");
  expect(stdout).toContain("model 'nowhere' is not installed in");
});
