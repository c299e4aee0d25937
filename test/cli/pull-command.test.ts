import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { emojiClip, textGraph, visionGraph } from '../models/hub/pull-sandbox.ts';
import { TestHub, testCommit, validToken } from '../models/hub/test-hub.ts';
import { fixturesPath, makeSandbox, programPath, repositoryPath, type Answer, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let hub: TestHub;
let modelsPath: string;

beforeAll(async () => {
  sandbox = await makeSandbox();
  modelsPath = join(sandbox.path, 'models');
});

beforeEach(async () => {
  hub = await TestHub.start();
  hub.repositories.push({ id: 'owner/emoji-clip', files: new Map(emojiClip), licence: 'mit' });
});

afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await rm(modelsPath, { recursive: true, force: true });
});

afterAll(async () => {
  await sandbox.remove();
});

async function run(args: string[], env: Record<string, string> = {}): Promise<Answer> {
  return sandbox.run(['models', ...args], { env: { EMBEDHOUSE_MODELS: modelsPath, HF_ENDPOINT: hub.url, ...env } });
}

const pullArguments = (): string[] => ['models', 'pull', 'owner/emoji-clip', '--models', modelsPath, '--hub', hub.url];

/** Waits until so many bytes of the file have been written by a pull that the hub keeps waiting. */
async function untilPartial(file: string, bytes: number): Promise<void> {
  const folder = join(modelsPath, '.pull-emoji-clip/partial');
  for (;;) {
    const names = await readdir(folder).catch((): string[] => []);
    const name = names.find((each) => each.startsWith(encodeURIComponent(file)) && !each.endsWith('.etag'));
    if (name !== undefined && (await stat(join(folder, name))).size === bytes) {
      return;
    }
    await sleep(20);
  }
}

test('pulls a model, which then answers queries, and says what it is', async () => {
  const pulled = await run(['pull', 'owner/emoji-clip', '--as', 'emoji']);
  expect(pulled.stderr.split('\n').filter(Boolean)).toEqual([
    'special_tokens_map.json (435 B)',
    'preprocessor_config.json (518 B)',
    'tokenizer_config.json (649 B)',
    'config.json (927 B)',
    'tokenizer.json (48.2 kB)',
    'onnx/text_model.onnx (2.77 MB)',
    'onnx/vision_model.onnx (6.12 MB)',
  ]);
  expect(pulled).toMatchObject({
    exitCode: 0,
    stdout: `Pulled owner/emoji-clip (commit 01234567, licence mit) to ${modelsPath}/emoji: 7 files, 8.94 MB, fp32\n`,
  });
  const options = { env: { EMBEDHOUSE_MODELS: modelsPath, EMBEDHOUSE_MODEL: 'emoji' } };
  expect(await sandbox.query("SELECT length(encode_text('a cat'))", options)).toMatch(/^\d+\n$/);
  const again = await run(['pull', 'owner/emoji-clip', '--as', 'emoji', '--json']);
  expect(again).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(again.stdout)).toMatchObject({
    outcome: 'unchanged',
    record: { commit: testCommit, licence: 'mit' },
  });
});

test('a killed pull goes on, and fetches nothing again that it had', async () => {
  hub.faults.push({ on: visionGraph, afterBytes: 3_000_000, breaks: 'stall' });
  const running = sandbox.start(pullArguments());
  await untilPartial(visionGraph, 3_000_000);
  process.kill(running.pid, 'SIGKILL');
  expect(await running.ended).toMatchObject({ exitCode: 'SIGKILL' });
  expect((await run(['list', '--json'])).stdout).toBe('[]\n');

  hub.requests.length = 0;
  const next = await run(['pull', 'owner/emoji-clip']);
  expect(next).toMatchObject({ exitCode: 0, stderr: 'onnx/vision_model.onnx (6.12 MB, from 3 MB on)\n' });
  expect(hub.requests.filter(({ server }) => server === 'cdn')).toMatchObject([
    { file: visionGraph, range: 'bytes=3000000-' },
  ]);
  expect(await readFile(join(modelsPath, 'emoji-clip', visionGraph))).toEqual(emojiClip.get(visionGraph));
  expect(await readdir(modelsPath)).toEqual(['emoji-clip']);
});

test('Ctrl-C ends a pull with one line and 130, and the next one goes on', async () => {
  hub.faults.push({ on: textGraph, afterBytes: 1_000_000, breaks: 'stall' });
  const running = sandbox.start(pullArguments());
  await untilPartial(textGraph, 1_000_000);
  process.kill(-running.pid, 'SIGINT');
  const { exitCode, stderr } = await running.ended;
  expect(exitCode).toBe(130);
  expect(stderr.split('\n').at(-2)).toBe(
    'embedhouse: the pull of owner/emoji-clip was stopped; pull it again to go on from there',
  );
  hub.requests.length = 0;
  expect(await run(['pull', 'owner/emoji-clip'])).toMatchObject({ exitCode: 0 });
  expect(hub.requestsFor(textGraph)).toMatchObject([{ range: 'bytes=1000000-' }]);
});

test('of two processes one pulls, and the other names it', async () => {
  hub.faults.push({ on: textGraph, afterBytes: 1_000_000, breaks: 'stall' });
  const first = sandbox.start(pullArguments());
  await untilPartial(textGraph, 1_000_000);
  const second = await run(['pull', 'owner/emoji-clip']);
  expect(second).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: `embedhouse: process ${first.pid} is pulling model 'emoji-clip' now; wait until it is done, or stop it\n`,
  });
  expect((await run(['remove', 'emoji-clip', '--yes'])).stderr).toContain(`process ${first.pid} is pulling`);
  process.kill(first.pid, 'SIGKILL');
  await first.ended;
  const both = await Promise.all([run(['pull', 'owner/emoji-clip']), run(['pull', 'owner/emoji-clip'])]);
  // Which of them is too late, or not, is up to them; the model is whole in any case.
  expect(both.map(({ exitCode }) => exitCode)).toContain(0);
  expect(await run(['verify', 'emoji-clip'])).toMatchObject({ exitCode: 0 });
});

test.each([
  [['pull', 'emoji-clip'], 2, "'emoji-clip' is not a model of the hub: name it as owner/name"],
  [['pull', 'owner/none'], 1, 'has no model owner/none'],
  [['pull', 'owner/emoji-clip', '--dtype', 'fp32,q4'], 1, 'does not come in q4, only in fp32, int8'],
  [['pull', 'owner/emoji-clip', '--hub', 'ftp://x'], 2, "'ftp://x' is not a hub's address"],
  [
    ['pull', 'owner/emoji-clip', '--hub', 'https://me:secret@x.example'],
    2,
    "the hub's address on x.example holds more",
  ],
  [
    ['pull', 'owner/emoji-clip', '--hub', 'http://no-such-host.invalid'],
    1,
    'http://no-such-host.invalid cannot be reached (',
  ],
  [['pull', 'owner/emoji-clip', '--models', '/proc/models'], 1, '/proc/models cannot be written'],
])('%j ends with one line', async (args, exitCode, message) => {
  const answer = await run(args);
  expect(answer).toMatchObject({ exitCode, stdout: '' });
  expect(answer.stderr).toMatch(/^embedhouse: [^\n]*\n$/);
  expect(answer.stderr).toContain(message);
  expect(answer.stderr).not.toContain('secret');
});

test('int8-row and unknown dtypes are wrong usage', async () => {
  const int8Row = await run(['pull', 'owner/emoji-clip', '--dtype', 'int8-row']);
  expect(int8Row.stderr).toContain(
    "int8-row is not published; pull fp32, and make it with 'embedhouse models quantize'",
  );
  expect(int8Row.exitCode).toBe(2);
  expect((await run(['pull', 'owner/emoji-clip', '--dtype', 'fp33'])).exitCode).toBe(2);
});

test('without a network a pull says at once how to do without', async () => {
  const { url } = hub;
  await hub[Symbol.asyncDispose]();
  for (const env of [{ HF_ENDPOINT: url }, { HF_ENDPOINT: '', HF_HUB_OFFLINE: '1' }]) {
    const { exitCode, stderr } = await run(['pull', 'clip-vit-base-patch32'], env);
    expect(stderr).toMatch(
      /^embedhouse: http[^\n ]+ cannot be reached \([^\n]+\): copy the files of Xenova\/clip-vit-base-patch32 [^\n]*models\/clip-vit-base-patch32, or name a mirror[^\n]*\n$/,
    );
    expect(exitCode).toBe(1);
  }
});

test('the token is taken from HF_TOKEN, and shown nowhere', async () => {
  hub.repositories.push({ id: 'owner/private', files: new Map(emojiClip), privateTo: validToken });
  expect(await run(['pull', 'owner/private'])).toMatchObject({ exitCode: 1 });
  const wrong = await run(['pull', 'owner/private'], { HF_TOKEN: 'wr0ng' });
  expect(wrong.stderr).toContain('does not accept the token in HF_TOKEN');
  const impossible = await run(['pull', 'owner/private'], { HF_TOKEN: 'wr0ng\nX: y' });
  expect(impossible).toMatchObject({ exitCode: 2 });
  const right = await run(['pull', 'owner/private', '--json'], { HF_TOKEN: ` ${validToken}\n` });
  expect(right).toMatchObject({ exitCode: 0 });
  const printed = [wrong, impossible, right].map(({ stdout, stderr }) => stdout + stderr).join('\n');
  expect(printed).not.toMatch(/wr0ng|token-that/);
});

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
