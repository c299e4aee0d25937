import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { PullEvent } from '../../../src/models/hub/gather-files.ts';
import { listModelFolders } from '../../../src/models/model-folder.ts';
import { emojiClip, PullSandbox, textGraph, visionGraph } from './pull-sandbox.ts';
import { sha256 } from './send-file.ts';

const run = promisify(execFile);

/** Mounting is for root, and not for root of every container. */
async function tryMount(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'eh-mount-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
    await run('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const canMount = await tryMount();
let sandbox: PullSandbox;

beforeEach(async () => {
  sandbox = await PullSandbox.make();
});

afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
});

describe('what fails and passes', () => {
  test('a dropped connection is taken up where it broke', async () => {
    sandbox.hub.faults.push({ on: visionGraph, afterBytes: 2_000_000, breaks: 'drop' });
    const events: PullEvent[] = [];
    await sandbox.pull({ onEvent: (event) => events.push(event) });
    expect(await sandbox.differences()).toEqual([]);
    const [first, second, ...others] = sandbox.hub.requestsFor(visionGraph);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ range: undefined });
    expect(second?.ifRange).toBe(`"${sha256(emojiClip.get(visionGraph) ?? Buffer.alloc(0))}"`);
    // What was on its way when the connection broke may be lost.
    const from = Number(/^bytes=(\d+)-$/.exec(second?.range ?? '')?.[1]);
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThanOrEqual(2_000_000);
    expect(events.filter(({ type }) => type === 'retry')).toHaveLength(1);
  });

  test.each([
    ['a busy hub (429)', { on: 'info', status: 429, headers: { 'Retry-After': '0' } }],
    ['a failing listing', { on: 'tree', status: 503, times: 2 }],
    ['a failing CDN', { on: textGraph, status: 502, times: 3 }],
    ['an information that breaks off', { on: 'info', afterBytes: 3, breaks: 'drop' as const }],
  ])('%s is asked again', async (_, fault) => {
    sandbox.hub.faults.push(fault);
    await sandbox.pull();
    expect(await sandbox.differences()).toEqual([]);
  });

  test('a connection on which nothing arrives is given up and taken up again', async () => {
    sandbox.hub.faults.push({ on: visionGraph, afterBytes: 1_000_000, breaks: 'stall' });
    await sandbox.pull({ stallMs: 1000 });
    expect(await sandbox.differences()).toEqual([]);
    expect(sandbox.hub.requestsFor(visionGraph).map(({ range }) => range)).toEqual([undefined, 'bytes=1000000-']);
  });

  test('a hub that always fails ends it, and the next pull goes on', async () => {
    sandbox.hub.faults.push(
      { on: visionGraph, afterBytes: 1_500_000, breaks: 'drop' },
      { on: visionGraph, status: 500, times: 4 },
    );
    await expect(sandbox.pull()).rejects.toMatchObject({
      code: 'MODEL_PULL_FAILED',
      message: expect.stringMatching(/answers 500 .* pull it again to go on from there/),
    });
    expect(await listModelFolders(sandbox.modelsPath)).toEqual([]);
    sandbox.hub.requests.length = 0;
    await sandbox.pull();
    expect(await sandbox.differences()).toEqual([]);
    expect(sandbox.hub.requestsFor(textGraph)).toEqual([]);
    expect(sandbox.hub.requestsFor(visionGraph)[0]?.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test('a hub that asks to wait for an hour is not waited for', async () => {
    sandbox.hub.faults.push({ on: 'info', status: 429, headers: { RateLimit: '"api";r=0;t=3600' } });
    await expect(sandbox.pull()).rejects.toMatchObject({ message: expect.stringContaining('wait for 60 minutes') });
  });

  test.each([
    ['does not know ranges', { ignoresRanges: true as const }],
    ['has another content meanwhile', { content: Buffer.alloc(6_119_082, 1), corruptAt: 0 }],
    ['has no strong ETag', { weakEtag: true as const }],
  ])('a download is whole though the server %s', async (_, fault) => {
    sandbox.hub.faults.push(
      { on: visionGraph, ...fault, afterBytes: 1_500_000, breaks: 'drop' },
      { on: visionGraph, ...('ignoresRanges' in fault && fault), afterBytes: 3_000_000, breaks: 'drop' },
    );
    await sandbox.pull();
    expect(await sandbox.differences()).toEqual([]);
  });

  test('what an earlier pull left is started over if it is damaged', async () => {
    sandbox.hub.faults.push(
      { on: textGraph, afterBytes: 1_000_000, breaks: 'drop' },
      { on: textGraph, status: 500, times: 3 },
    );
    await expect(sandbox.pull()).rejects.toThrow(/answers 500/);
    const partial = (await sandbox.everything()).find((path) => /text_model\.onnx\.[0-9a-f]{64}$/.test(path)) ?? '';
    const file = await open(join(sandbox.modelsPath, partial), 'r+');
    await file.write('damaged', 100);
    await file.close();
    sandbox.hub.requests.length = 0;
    await sandbox.pull();
    expect(await sandbox.differences()).toEqual([]);
    expect(sandbox.hub.requestsFor(textGraph).map(({ range }) => range)).toEqual([
      expect.stringMatching(/^bytes=[1-9]/),
      undefined,
    ]);
  });
});

describe('a disk', () => {
  test.skipIf(!canMount)(
    'that is too small is refused before, and that gets full says so, and the pull goes on later (skipped where no tmpfs can be mounted)',
    async () => {
      await mkdir(sandbox.modelsPath, { recursive: true });
      await run('mount', ['-t', 'tmpfs', '-o', 'size=5m', 'tmpfs', sandbox.modelsPath]);
      try {
        await expect(sandbox.pull()).rejects.toMatchObject({
          code: 'FILE_UNUSABLE',
          message: expect.stringMatching(/no room .* are still to come, and 5\.\d+ MB are free/),
        });
        expect(sandbox.hub.requests.filter(({ file }) => file !== undefined)).toEqual([]);
        await run('mount', ['-o', 'remount,size=12m', sandbox.modelsPath]);
        let isFull: Promise<void> | undefined;
        const failing = sandbox.pull({
          onEvent: (event) => {
            if (event.type === 'file' && event.path === visionGraph) {
              isFull = writeFile(join(sandbox.modelsPath, 'other'), Buffer.alloc(6_000_000));
            }
          },
        });
        await expect(failing).rejects.toMatchObject({
          code: 'FILE_UNUSABLE',
          message: expect.stringContaining('the disk is full'),
        });
        await isFull;
        await rm(join(sandbox.modelsPath, 'other'));
        sandbox.hub.requests.length = 0;
        await sandbox.pull();
        expect(await sandbox.differences()).toEqual([]);
        expect(sandbox.hub.requestsFor(textGraph)).toEqual([]);
      } finally {
        await run('umount', [sandbox.modelsPath]);
      }
    },
  );

  test('that cannot be written is named with --models', async () => {
    await writeFile(join(sandbox.folder, 'file'), '');
    for (const unusable of [join(sandbox.folder, 'file'), join(sandbox.folder, 'file/models'), '/proc/models']) {
      await expect(sandbox.pull({ modelsPath: unusable })).rejects.toMatchObject({
        code: 'FILE_UNUSABLE',
        message: expect.stringContaining(unusable),
      });
    }
  });
});
