import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { emojiClip, textGraph, visionGraph } from '../models/hub/pull-sandbox.ts';
import { type TestHub, testCommit, validToken } from '../models/hub/test-hub.ts';
import { HubSandbox } from './hub-sandbox.ts';
import { programPath, repositoryPath, type Sandbox } from './sandbox.ts';

let testbed: HubSandbox;
let sandbox: Sandbox;
let modelsPath: string;
let hub: TestHub;
let run: HubSandbox['run'];

beforeAll(async () => {
  testbed = await HubSandbox.create();
  ({ sandbox, modelsPath } = testbed);
  run = async (...args) => testbed.run(...args);
});

beforeEach(async () => {
  await testbed.startHub();
  ({ hub } = testbed);
});

afterEach(async () => testbed.reset());

afterAll(async () => testbed.remove());

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

test('on a terminal a pull shows bytes, rate and time left, and removes them', async () => {
  hub.faults.push({ on: visionGraph, afterBytes: 1_000_000, breaks: 'drop' });
  const spawn = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  const { stdout } = await execa('python3', ['-c', spawn, process.execPath, programPath, ...pullArguments()], {
    cwd: repositoryPath,
    env: { ...sandbox.env, TERM: 'xterm' },
    extendEnv: false,
    stdin: 'pipe',
  });
  // oxlint-disable-next-line no-control-regex
  const shown = stdout.replaceAll(/\u001B(?:\[[0-9;?]*[A-Za-z]|[78])/g, '');
  expect(shown).toMatch(
    /=+-* [\d.]+ MB of 8\.94 MB \| [\d.]+ [kM]?B\/s \| (?:\d+m )?\d+s left \| onnx\/vision_model\.onnx/,
  );
  // The line is cleared before the result.
  expect(stdout).toContain('\u001B[2KPulled owner/emoji-clip');
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
  const graph = await readFile(join(modelsPath, 'emoji-clip', visionGraph));
  expect(emojiClip.get(visionGraph)?.equals(graph)).toBe(true);
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

test('a model of another kind is pulled, and said to be of no use', async () => {
  const files = new Map([
    ['config.json', Buffer.from('{"model_type":"of-another-kind"}')],
    ['onnx/model.onnx', Buffer.from('graph')],
  ]);
  hub.repositories.push({ id: 'owner/other', files });
  const pulled = await run(['pull', 'owner/other']);
  expect(pulled).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Pulled owner/other') });
  expect(pulled.stderr).toMatch(/^It is as the hub has it, but cannot be used here: [^\n]*$/m);
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
  await hub[Symbol.asyncDispose]();
  for (const env of [{ HF_ENDPOINT: testbed.hubUrl }, { HF_ENDPOINT: '', HF_HUB_OFFLINE: '1' }]) {
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
