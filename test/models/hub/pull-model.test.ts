import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { PulledModel } from '../../../src/models/hub/pull-model.ts';
import { readPullRecord } from '../../../src/models/hub/pull-record.ts';
import { openModelFolder } from '../../../src/models/model-folder.ts';
import { emojiClip, PullSandbox, readFiles, textGraph, visionGraph } from './pull-sandbox.ts';
import { sha256 } from './send-file.ts';
import { readRepositoryFiles, testCommit, validToken } from './test-hub.ts';

let sandbox: PullSandbox;

beforeEach(async () => {
  sandbox = await PullSandbox.make();
});

afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
});

describe('a pull', () => {
  test('gives the files that are read, byte for byte, in a folder that opens, with a record', async () => {
    expect(await sandbox.pull()).toMatchObject({
      name: 'emoji-clip',
      outcome: 'pulled',
      path: join(sandbox.modelsPath, 'emoji-clip'),
    });
    expect(await sandbox.differences()).toEqual([]);
    expect(await openModelFolder(sandbox.modelsPath, 'emoji-clip')).toMatchObject({ kind: 'clip', dtypes: ['fp32'] });
    const record = await readPullRecord(join(sandbox.modelsPath, 'emoji-clip'));
    expect(record).toMatchObject({
      hub: sandbox.hub.url,
      repository: 'owner/emoji-clip',
      revision: 'main',
      commit: testCommit,
      licence: 'mit',
      dtypes: ['fp32'],
    });
    expect(Object.keys(record?.files ?? {}).toSorted()).toEqual(readFiles);
    const text = emojiClip.get(textGraph) ?? Buffer.alloc(0);
    expect(record?.files[textGraph]).toEqual({ bytes: text.length, sha256: sha256(text) });
    // Nothing is asked for by a name that may move.
    const named = sandbox.hub.requests.filter(({ url }) => /\/main\b/.test(url)).map(({ url }) => url);
    expect(named).toEqual(['/api/models/owner/emoji-clip/revision/main']);
  });

  test('of what is there already asks for no file, and changes nothing', async () => {
    await sandbox.pull();
    const before = await stat(join(sandbox.modelsPath, 'emoji-clip/pulled.json'));
    sandbox.hub.requests.length = 0;
    expect(await sandbox.pull()).toMatchObject({ outcome: 'unchanged' });
    expect(sandbox.hub.requests.filter(({ file }) => file !== undefined)).toEqual([]);
    expect((await stat(join(sandbox.modelsPath, 'emoji-clip/pulled.json'))).mtimeMs).toBe(before.mtimeMs);
    expect(await sandbox.differences()).toEqual([]);
  });

  test('adds a dtype to a model, and brings back what was changed', async () => {
    await sandbox.pull();
    await writeFile(join(sandbox.modelsPath, 'emoji-clip/tokenizer.json'), '{}');
    sandbox.hub.requests.length = 0;
    expect(await sandbox.pull({ dtypes: ['int8'] })).toMatchObject({
      outcome: 'added',
      record: { dtypes: ['fp32', 'int8'] },
    });
    expect(new Set(sandbox.hub.requests.map(({ file }) => file))).toEqual(
      new Set([undefined, 'tokenizer.json', 'onnx/text_model_int8.onnx', 'onnx/vision_model_int8.onnx']),
    );
    expect(await openModelFolder(sandbox.modelsPath, 'emoji-clip')).toMatchObject({ dtypes: ['fp32', 'int8'] });
    const record = await readPullRecord(join(sandbox.modelsPath, 'emoji-clip'));
    expect(Object.keys(record?.files ?? {})).toHaveLength(readFiles.length + 2);
    expect(await readFile(join(sandbox.modelsPath, 'emoji-clip/tokenizer.json'))).toEqual(
      emojiClip.get('tokenizer.json'),
    );
    expect(await readdir(sandbox.modelsPath)).toEqual(['emoji-clip']);
  });

  test('takes weights apart from the graph, and the settings of sentence-transformers', async () => {
    const names = [
      'config.json',
      'modules.json',
      'sentence_bert_config.json',
      'sentence_xlm-roberta_config.json',
      '1_Pooling/config.json',
      'onnx/model_fp16.onnx',
      'onnx/model_fp16.onnx_data',
      'onnx/model_fp16.onnx_data_1',
      'onnx/model.onnx',
      'onnx/model.onnx.data',
      'onnx/model_O2.onnx',
      'model.safetensors',
      '1_Pooling/other.json',
      'openvino/openvino_model.xml',
    ];
    sandbox.hub.repositories.push({
      id: 'owner/texts',
      files: new Map(names.map((name) => [name, Buffer.from(name)])),
    });
    await sandbox.pull({ repository: 'owner/texts', dtypes: ['fp16'] });
    const pulled = await readRepositoryFiles(join(sandbox.modelsPath, 'texts'));
    expect([...pulled.keys()]).toEqual([...names.slice(0, 8), 'pulled.json'].toSorted());
    const record = await readPullRecord(join(sandbox.modelsPath, 'texts'));
    expect(record).not.toHaveProperty('licence');
  });

  test('follows a repository to its new name, and records that', async () => {
    sandbox.hub.renamed.set('old/name', 'owner/emoji-clip');
    expect(await sandbox.pull({ repository: 'old/name' })).toMatchObject({
      name: 'name',
      record: { repository: 'owner/emoji-clip' },
    });
    expect(await sandbox.differences('name')).toEqual([]);
  });
});

test('the token goes to the hub only, and into no file', async () => {
  sandbox.hub.repositories.push({ id: 'owner/private', files: new Map(emojiClip), privateTo: validToken });
  // Were it asked there, the pull would fail: nobody listens.
  sandbox.hub.pageOrigin = 'http://127.0.0.1:1';
  await sandbox.pull({ repository: 'owner/private', token: validToken });
  const to = (server: string): Set<string | undefined> =>
    new Set(
      sandbox.hub.requests.filter((request) => request.server === server).map(({ authorization }) => authorization),
    );
  expect(to('hub')).toEqual(new Set([`Bearer ${validToken}`]));
  expect(to('cdn')).toEqual(new Set([undefined]));
  const written = await readRepositoryFiles(sandbox.modelsPath);
  expect([...written].filter(([, content]) => content.includes(validToken)).map(([path]) => path)).toEqual([]);
  expect(written.size).toBe(readFiles.length + 1);
});

describe('several at once', () => {
  test('one pulls a model, the other is told so, and the model is whole', async () => {
    sandbox.hub.faults.push({ on: visionGraph, afterBytes: 1000, breaks: 'stall' });
    const stop = new AbortController();
    let first: Promise<PulledModel> | undefined;
    await new Promise<void>((resolve) => {
      first = sandbox.pull({
        signal: stop.signal,
        onEvent: (event) => event.type === 'bytes' && event.path === visionGraph && resolve(),
      });
    });
    await expect(sandbox.pull()).rejects.toThrow(
      new RegExp(`process ${process.pid} is pulling model 'emoji-clip' now`),
    );
    stop.abort();
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED', message: expect.stringContaining('to go on') });
    expect(await sandbox.pull()).toMatchObject({ outcome: 'pulled' });
    expect(await sandbox.differences()).toEqual([]);
  });

  test('what a dead process claimed is taken over', async () => {
    const { pid = 0 } = promisify(execFile)('true').child;
    await mkdir(join(sandbox.modelsPath, '.pull-emoji-clip'), { recursive: true });
    // The second is this process's number with another start: it was given again.
    for (const claim of [`claim-${pid + 100_000_000}-1`, `claim-${process.pid}-1`]) {
      await writeFile(join(sandbox.modelsPath, '.pull-emoji-clip', claim), '');
    }
    await sandbox.pull();
    expect(await sandbox.differences()).toEqual([]);
  });
});
