import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { emojiClip, textGraph } from '../models/hub/pull-sandbox.ts';
import { HubSandbox } from './hub-sandbox.ts';
import { fixturesPath, programPath, repositoryPath, type Sandbox } from './sandbox.ts';

let testbed: HubSandbox;
let sandbox: Sandbox;
let modelsPath: string;
let run: HubSandbox['run'];

beforeAll(async () => {
  testbed = await HubSandbox.create();
  ({ sandbox, modelsPath } = testbed);
  run = async (...args) => testbed.run(...args);
});

beforeEach(async () => testbed.startHub());

afterEach(async () => testbed.reset());

afterAll(async () => testbed.remove());

test('verify says what is missing or changed, and what was not pulled', async () => {
  await run(['pull', 'owner/emoji-clip']);
  await cp(join(fixturesPath, 'tiny-clip'), join(modelsPath, 'tiny-clip'), { recursive: true });
  const well = await run(['verify']);
  expect(well).toMatchObject({ exitCode: 0, stderr: '' });
  expect(well.stdout).toMatch(/^emoji-clip +ok +7 files, 8\.94 MB$/m);
  expect(well.stdout).toMatch(/^tiny-clip +not recorded +not pulled/m);
  expect((await run(['verify', 'tiny-clip'])).exitCode).toBe(1);
  expect((await run(['verify', 'none'])).stderr).toContain("there is no model 'none'");

  const graph = join(modelsPath, 'emoji-clip', textGraph);
  const content = Buffer.from(emojiClip.get(textGraph) ?? '');
  content[1000] = (content[1000] ?? 0) ^ 1;
  await writeFile(graph, content);
  await rm(join(modelsPath, 'emoji-clip/config.json'));
  await truncate(join(modelsPath, 'emoji-clip/tokenizer.json'), 100);
  const changed = await run(['verify', 'emoji-clip']);
  expect(changed).toMatchObject({ exitCode: 1, stderr: '' });
  expect(changed.stdout).toMatch(
    /^emoji-clip +changed +onnx\/text_model\.onnx: expected sha256 [0-9a-f]{64}, found [0-9a-f]{64}$/m,
  );
  expect(changed.stdout).toMatch(/^emoji-clip +missing +config\.json: expected 927 bytes$/m);
  expect(changed.stdout).toMatch(/^emoji-clip +changed +tokenizer\.json: expected 48186 bytes, found 100$/m);
  const json: unknown = JSON.parse((await run(['verify', '--json'])).stdout);
  expect(json).toMatchObject([
    {
      name: 'emoji-clip',
      result: 'changed',
      changed: expect.arrayContaining([expect.objectContaining({ path: 'config.json' })]),
    },
    { name: 'tiny-clip', result: 'not recorded' },
  ]);
  await run(['pull', 'owner/emoji-clip']);
  expect((await run(['verify', 'emoji-clip'])).exitCode).toBe(0);
});

test('remove takes what a model and its unfinished pulls have, of a link only the link', async () => {
  await mkdir(join(modelsPath, 'half-copied/onnx'), { recursive: true });
  await writeFile(join(modelsPath, 'half-copied/onnx/model.onnx'), Buffer.alloc(1000));
  await mkdir(join(modelsPath, '.pull-half-copied/partial'), { recursive: true });
  await mkdir(join(modelsPath, '.removed-0a1b2c3d-half-copied/onnx'), { recursive: true });
  await mkdir(join(modelsPath, '.pull-gone/partial'), { recursive: true });
  await mkdir(join(sandbox.path, 'elsewhere'));
  await symlink(join(sandbox.path, 'elsewhere'), join(modelsPath, 'linked'));
  await symlink('nowhere', join(modelsPath, 'broken'));

  const refused = await run(['remove', 'half-copied']);
  expect(refused).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('say --yes') });
  expect(existsSync(join(modelsPath, 'half-copied/onnx/model.onnx'))).toBe(true);

  expect(await run(['remove', 'half-copied', '--yes'])).toEqual({
    exitCode: 0,
    stdout: `Removed model 'half-copied' (1 kB in ${modelsPath}/half-copied)\n`,
    stderr: '',
  });
  expect((await run(['remove', 'linked', '--yes'])).stdout).toContain(
    `a link to ${sandbox.path}/elsewhere, which stays`,
  );
  expect((await run(['remove', 'broken', '--yes'])).exitCode).toBe(0);
  expect((await run(['remove', 'gone', '--yes'])).stdout).toContain('the unfinished pull');
  expect(existsSync(join(sandbox.path, 'elsewhere'))).toBe(true);
  expect(await readdir(modelsPath)).toEqual([]);
  for (const name of ['gone', '..', '../elsewhere', '.', '']) {
    expect(await run(['remove', name, '--yes'])).toMatchObject({ exitCode: 1, stdout: '' });
  }
  expect(existsSync(join(sandbox.path, 'elsewhere'))).toBe(true);
});

test.each([
  ['y\n', 0, /Remove model 'asked' \(1 kB in .*\/asked\)\? \[y\/N\] /, false],
  ['\n', 1, /Nothing was removed/, true],
  ['\u0004', 1, /Nothing was removed/, true],
  ['\u0003', 130, /embedhouse: nothing was removed/, true],
])('remove asks on a terminal: %j', async (answer, exitCode, screen, stays) => {
  await mkdir(join(modelsPath, 'asked'), { recursive: true });
  await writeFile(join(modelsPath, 'asked/config.json'), Buffer.alloc(1000));
  // A terminal of its own, which answers once it is asked.
  const script = `import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[2], sys.argv[2:])
shown = b''
while True:
  try: more = os.read(terminal, 1000)
  except OSError: break
  if not more: break
  if b'[y/N]' in shown + more and b'[y/N]' not in shown: os.write(terminal, sys.argv[1].encode())
  shown += more
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
  const { stdout, exitCode: ended } = await execa(
    'python3',
    ['-c', script, answer, process.execPath, programPath, 'models', 'remove', 'asked', '--models', modelsPath],
    { cwd: repositoryPath, env: { ...sandbox.env, TERM: 'xterm' }, extendEnv: false, reject: false },
  );
  expect(stdout).toMatch(screen);
  expect(ended).toBe(exitCode);
  expect(existsSync(join(modelsPath, 'asked'))).toBe(stays);
});
