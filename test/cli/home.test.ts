import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { fixturesPath, makeSandbox, repositoryPath, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let env: Record<string, string>;

beforeAll(async () => {
  sandbox = await makeSandbox();
  env = { XDG_DATA_HOME: join(sandbox.path, 'user data') };
  await mkdir(join(sandbox.path, 'elsewhere'));
});

afterAll(async () => {
  await sandbox.remove();
});

test.skipIf(process.platform !== 'linux')(
  'elsewhere, the home is the user’s data folder, furnished on first use (skipped where XDG is not)',
  async () => {
    const options = { cwd: join(sandbox.path, 'elsewhere'), env: { ...env, EMBEDHOUSE_MODEL: 'emoji-clip' } };
    const sql = "SELECT length(encode_text('a dog')), length(hash_embedding('a dog')) > 0";
    expect(await sandbox.query(sql, options)).toBe('512\t1\n');
    const home = join(sandbox.path, 'user data/embedhouse');
    expect(existsSync(join(home, 'functions/encode_text_function.xml'))).toBe(true);

    // What the user changed there stays.
    await writeFile(join(home, 'functions/encode_text_function.xml'), '<functions/>');
    expect(await sandbox.query("SELECT length(encode_image(''))", options)).toBe('512\n');
    expect(await readFile(join(home, 'functions/encode_text_function.xml'), 'utf8')).toBe('<functions/>');
    expect((await sandbox.run(['models', 'list'], options)).stdout).toMatch(/^emoji-clip .* default *$/m);
  },
);

test.each([
  [
    'slugify.mjs',
    `#!/usr/bin/env node\nimport { serve } from 'embedhouse/udf';\nserve((text) => text.toLowerCase());\n`,
  ],
  ['slugify.py', '#!/usr/bin/env python3\nfrom embedhouse_udf import serve\nserve(lambda text: text.lower())\n'],
])('a furnished home has the kit that %s imports', async (script, code) => {
  const home = join(sandbox.path, `home of ${script}`);
  const options = { cwd: join(sandbox.path, 'elsewhere'), env: { ...env, EMBEDHOUSE_HOME: home } };
  await sandbox.query('SELECT 1', options);
  const path = join(home, 'user_scripts', script);
  await writeFile(path, code);
  await chmod(path, 0o755);
  await writeFile(
    join(home, 'functions/slugify_function.xml'),
    `<functions><function><type>executable</type><name>slugify</name><argument><type>String</type></argument>
    <return_type>String</return_type><format>TabSeparated</format><command>${script}</command></function></functions>`,
  );
  expect(await sandbox.query("SELECT slugify('Dogs')", options)).toBe('dogs\n');
});

test('a home from which npm has removed the kit, as something of others, has it again', async () => {
  const home = join(sandbox.path, 'home of npm');
  const options = { cwd: join(sandbox.path, 'elsewhere'), env: { ...env, EMBEDHOUSE_HOME: home } };
  await sandbox.query('SELECT 1', options);
  const scripts = join(home, 'user_scripts');
  await mkdir(join(sandbox.path, 'a-package'));
  await writeFile(join(sandbox.path, 'a-package/package.json'), '{ "name": "a-package", "version": "1.0.0" }');
  await execa('npm', ['install', '--offline', '--no-audit', '--no-fund', join(sandbox.path, 'a-package')], {
    cwd: scripts,
  });
  const kit = join(scripts, 'node_modules/embedhouse/package.json');
  expect(existsSync(kit)).toBe(false);
  await sandbox.query('SELECT 1', options);
  expect(existsSync(kit)).toBe(true);
});

test('a folder with functions/ is the home of what is started in it; data lie in it', async () => {
  const home = join(sandbox.path, `own "home" & 'more'`);
  await cp(
    join(fixturesPath, 'broken-functions/functions/healthy_function.xml'),
    join(home, 'functions/healthy_function.xml'),
  );
  await cp(join(fixturesPath, 'broken-functions/user_scripts/echo.sh'), join(home, 'user_scripts/echo.sh'));
  const env = { EMBEDHOUSE_DATA: undefined };
  const sql = "CREATE TABLE t ENGINE = MergeTree ORDER BY a AS SELECT healthy('x') AS a; SELECT a FROM t";
  expect(await sandbox.query(sql, { cwd: home, env })).toBe('x\n');
  expect(existsSync(join(home, 'data/store'))).toBe(true);
  const cwd = join(sandbox.path, 'elsewhere');
  expect(await sandbox.query('SELECT a FROM t', { cwd, env: { ...env, EMBEDHOUSE_HOME: home } })).toBe('x\n');
  const flag = await sandbox.run(['query', '--home', home, 'SELECT a FROM t'], { cwd, env });
  expect(flag).toEqual({ exitCode: 0, stdout: 'x\n', stderr: '' });
});

test('a data folder in use is refused in one line that names the holder and the way out', async () => {
  const dataPath = join(sandbox.path, 'data');
  const holder = sandbox.start([
    '--data',
    dataPath,
    'query',
    "SELECT 'open'; SELECT sleepEachRow(1) FROM numbers(600) SETTINGS max_block_size = 1",
  ]);
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  const line = await sandbox.failingQuery('SELECT 1', { env: { EMBEDHOUSE_DATA: dataPath } });
  expect(line).toContain(`the data folder ${dataPath} is in use by process ${holder.pid} (`);
  expect(line).toContain('--data :memory:');
  process.kill(holder.pid, 'SIGINT');
  expect((await holder.ended).exitCode).toBe(130);
  expect(await sandbox.query('SELECT 1', { cwd: repositoryPath, env: { EMBEDHOUSE_DATA: dataPath } })).toBe('1\n');
});
