import { chmod, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { fixturesPath, makeSandbox, repositoryPath, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let home: string;

beforeAll(async () => {
  sandbox = await makeSandbox();
  home = join(sandbox.path, "a b'c");
  await cp(join(fixturesPath, 'broken-functions'), home, { recursive: true });
  // A repository cannot hold a file with this permission missing on every system.
  await chmod(join(home, 'user_scripts/not-executable.sh'), 0o644);
});

afterAll(async () => {
  await sandbox.remove();
});

interface Problem {
  file: string;
  severity: string;
  message: string;
}

test('check names each broken file and fails', async () => {
  const healthy = new Set(['healthy_function.xml', 'defined-elsewhere_function.xml']);
  const broken = (await readdir(join(home, 'functions'))).filter((name) => !healthy.has(name));
  const checked = await sandbox.run(['--home', home, 'functions', 'check']);
  expect(checked).toMatchObject({ exitCode: 1, stderr: '' });
  for (const name of broken) expect(checked.stdout).toContain(join('functions', name));
  expect(checked.stdout).not.toContain(join('functions', 'healthy_function.xml'));
  expect(checked.stdout).toMatch(/\n\d+ functions read, \d+ errors, \d+ warnings, \d+ notes\n$/);

  const { exitCode, stdout } = await sandbox.run(['functions', 'check', '--json', '--home', home]);
  expect(exitCode).toBe(1);
  const { problems } = JSON.parse(stdout) as { problems: Problem[] };
  expect(new Set(problems.map(({ file }) => file))).toEqual(
    new Set(broken.map((name) => join(home, 'functions', name))),
  );
});

test('a query says on stderr what is broken, and the rest works', async () => {
  const { exitCode, stdout, stderr } = await sandbox.run(['query', "SELECT 1, healthy('x')"], {
    env: { EMBEDHOUSE_HOME: home },
  });
  expect(exitCode).toBe(0);
  expect(stdout).toBe('1\tx\n');
  for (const name of ['broken-xml', 'unknown-return-type', 'missing-script', 'builtin-name'])
    expect(stderr).toContain(name);
  expect(stderr).toMatch(/^(embedhouse: [^\n]*\n)+$/);
});

test('check finds no fault with the functions of the package, nor of a new home, nor where there are none', async () => {
  const none = join(sandbox.path, 'none');
  await mkdir(none);
  const answers = await Promise.all([
    sandbox.run(['functions', 'check', '--model', 'emoji-clip'], { cwd: repositoryPath }),
    sandbox.run(['functions', 'check', '--home', join(sandbox.path, 'new'), '--model', 'emoji-clip']),
    sandbox.run(['functions', 'check', '--functions', none]),
  ]);
  expect(answers).toEqual(
    [7, 7, 0].map((functions) => ({
      exitCode: 0,
      stdout: `${functions} functions read, 0 errors, 0 warnings, 0 notes\n`,
      stderr: '',
    })),
  );
});

test('list shows each function with its signature, and whether ClickHouse has it', async () => {
  const listed = await sandbox.run(['functions', 'list']);
  expect(listed).toMatchObject({ exitCode: 0, stderr: '' });
  expect(listed.stdout).toMatch(/^function +type +format +command +file +loaded$/m);
  expect(listed.stdout).toMatch(/^encode_text\(text String\) Array\(Float32\) +executable_pool +Native .* yes$/m);

  const { stdout } = await sandbox.run(['functions', 'list', '--json']);
  expect(JSON.parse(stdout)).toEqual(
    expect.arrayContaining(
      ['encode_text', 'encode_image', 'encode_image_bytes', 'hash_embedding'].map((name) =>
        expect.objectContaining({ name, returnType: 'Array(Float32)', loaded: true }),
      ),
    ),
  );
});

test("a user's own script works beside the hosted functions, in both kinds", async () => {
  const own = join(sandbox.path, 'own home');
  await cp(join(repositoryPath, 'functions/hash_embedding_function.xml'), join(own, 'functions/a_function.xml'));
  const script = `#!/usr/bin/env python3
import sys

for line in sys.stdin:
    print([float(len(line.rstrip("\\n"))), 0.5])
    sys.stdout.flush()
`;
  const definition = (name: string, type: string): string => `<functions><function>
    <type>${type}</type><name>${name}</name><return_type>Array(Float32)</return_type>
    <argument><type>String</type></argument><format>TabSeparated</format><command>own.py</command>
    <command_read_timeout>20000</command_read_timeout></function></functions>`;
  await rm(join(own, 'functions/a_function.xml'));
  await cp(join(repositoryPath, 'user_scripts/hash_embedding.py'), join(own, 'user_scripts/own.py'));
  await writeFile(join(own, 'user_scripts/own.py'), script);
  await writeFile(join(own, 'functions/one_function.xml'), definition('own_one', 'executable'));
  await writeFile(join(own, 'functions/two_function.xml'), definition('own_two', 'executable_pool'));
  const sql = "SELECT own_one('abc'), own_two('ab'); SELECT uniqExact(own_two(toString(number))) FROM numbers(1000)";
  expect(await sandbox.query(sql, { env: { EMBEDHOUSE_HOME: own } })).toBe('[3,0.5]\t[2,0.5]\n3\n');
});
