import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { listModelFolders } from '../../../src/models/model-folder.ts';
import { emojiClip, PullSandbox, textGraph } from './pull-sandbox.ts';
import { testCommit, validToken } from './test-hub.ts';

let sandbox: PullSandbox;

beforeEach(async () => {
  sandbox = await PullSandbox.make();
});

afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
});

describe('what is refused', () => {
  test.each([textGraph, 'tokenizer.json'])(
    '%s damaged: nothing is left, and the next pull gets it anew',
    async (file) => {
      sandbox.hub.faults.push({ on: file, corruptAt: 1234 });
      await expect(sandbox.pull()).rejects.toMatchObject({
        code: 'MODEL_PULL_FAILED',
        message: expect.stringContaining(`${file} of ${sandbox.hub.url}/owner/emoji-clip arrived damaged`),
      });
      expect(await listModelFolders(sandbox.modelsPath)).toEqual([]);
      expect((await sandbox.everything()).filter((path) => path.includes(encodeURIComponent(file)))).toEqual([]);
      sandbox.hub.requests.length = 0;
      await sandbox.pull();
      expect(await sandbox.differences()).toEqual([]);
      expect(sandbox.hub.requestsFor(file)).toMatchObject([{ range: undefined }]);
    },
  );

  test('a file longer than listed, before it fills the disk', async () => {
    sandbox.hub.faults.push({ on: textGraph, content: Buffer.alloc(20_000_000) });
    await expect(sandbox.pull()).rejects.toMatchObject({
      message: expect.stringContaining('sends more than the 2767812 bytes'),
    });
    expect(await listModelFolders(sandbox.modelsPath)).toEqual([]);
  });

  test.each(['../outside.json', '/etc/outside', 'onnx/../../x', 'a\\..\\x', 'a\0b', 'a//b', 'C:x'])(
    'a listing with the path %j',
    async (path) => {
      sandbox.hub.listedBesides = [{ type: 'file', path, size: 1, oid: '0'.repeat(40) }];
      await expect(sandbox.pull()).rejects.toMatchObject({ message: expect.stringContaining('outside of its folder') });
      expect(await sandbox.everything()).toEqual([]);
    },
  );

  test.each([
    ['a missing model', { repository: 'owner/none' }, /has no model owner\/none that it shows without a token \(401\)/],
    [
      'a missing model, with a token',
      { repository: 'owner/none', token: validToken },
      /has no model owner\/none .*404/,
    ],
    ['a wrong token', { token: 'wrong' }, /does not accept the token in HF_TOKEN \(401\)/],
    ['a missing revision', { revision: 'v9/x' }, /has no revision 'v9\/x'/],
    [
      'a missing dtype',
      { dtypes: ['fp32', 'q4'] as const },
      /does not come in q4, only in fp32, int8; .*onnx-community/,
    ],
  ])('%s, without asking again', async (_, options, message) => {
    const failing = sandbox.pull(options);
    await expect(failing).rejects.toThrow(message);
    await expect(failing).rejects.toMatchObject({ code: 'MODEL_PULL_FAILED' });
    await expect(failing).rejects.not.toThrow(/wrong/);
    expect(sandbox.hub.requests.filter(({ url }) => url.includes('/revision/'))).toHaveLength(1);
    expect(await sandbox.everything()).toEqual([]);
  });

  test('a model without ONNX files', async () => {
    sandbox.hub.repositories.push({ id: 'owner/torch', files: new Map([['config.json', Buffer.from('{}')]]) });
    await expect(sandbox.pull({ repository: 'owner/torch' })).rejects.toThrow(
      /owner\/torch has no ONNX files .*Xenova/,
    );
  });

  test('a gated model, until its terms are accepted', async () => {
    sandbox.hub.repositories.push({ id: 'owner/gated', files: new Map(emojiClip), gatedTo: validToken });
    await expect(sandbox.pull({ repository: 'owner/gated' })).rejects.toThrow(
      /gated \(401\): accept its terms on .*HF_TOKEN/,
    );
    expect(await sandbox.pull({ repository: 'owner/gated', token: validToken })).toMatchObject({ outcome: 'pulled' });
  });

  test('a place where another model is', async () => {
    await mkdir(join(sandbox.modelsPath, 'copied'), { recursive: true });
    await symlink('copied', join(sandbox.modelsPath, 'linked'));
    await writeFile(join(sandbox.modelsPath, 'file'), '');
    await expect(sandbox.pull({ name: 'copied' })).rejects.toThrow(
      /not pulled: remove it first with 'embedhouse models remove copied'/,
    );
    await expect(sandbox.pull({ name: 'linked' })).rejects.toThrow(/is a link to copied/);
    await expect(sandbox.pull({ name: 'file' })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    await expect(sandbox.pull({ name: '../x' })).rejects.toMatchObject({ code: 'USAGE' });
    // None of them was worth a question.
    expect(sandbox.hub.requests).toEqual([]);
  });

  test('a place where another commit or repository is', async () => {
    await sandbox.pull();
    const newer = 'f'.repeat(40);
    sandbox.hub.repositories.push({ id: 'other/emoji-clip', files: new Map(emojiClip) });
    sandbox.hub.repositories.splice(0, 1, {
      id: 'owner/emoji-clip',
      files: new Map(emojiClip),
      revisions: { main: newer, v1: testCommit },
    });
    await expect(sandbox.pull()).rejects.toThrow(
      new RegExp(`at commit 01234567, and not ffffffff .*--revision ${testCommit}`),
    );
    await expect(sandbox.pull({ repository: 'other/emoji-clip' })).rejects.toThrow(
      /was pulled from owner\/emoji-clip: remove it/,
    );
    expect(await sandbox.pull({ revision: 'v1' })).toMatchObject({ outcome: 'unchanged' });
    expect(await sandbox.pull({ name: 'newer' })).toMatchObject({ record: { commit: newer } });
  });

  test('an address that no hub has', async () => {
    sandbox.hub.faults.push({ on: 'info', status: 200, breaks: 'stall', afterBytes: 5, times: 4 });
    const failing = sandbox.pull({ stallMs: 50 });
    await expect(failing).rejects.toMatchObject({ code: 'MODEL_PULL_FAILED' });
    const { url } = sandbox.hub;
    await sandbox.hub[Symbol.asyncDispose]();
    const unreachable = sandbox.pull({ hubUrl: url });
    await expect(unreachable).rejects.toMatchObject({ code: 'HUB_UNREACHABLE' });
    await expect(unreachable).rejects.toThrow(
      /cannot be reached \(connect ECONNREFUSED .*config\.json.*models\/emoji-clip, or name a mirror with HF_ENDPOINT/,
    );
  });
});
