import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openModelFolder } from '../../src/models/model-folder.ts';
import { findPreparedGraph, preparedGraphFolder, type TowerFile } from '../../src/models/find-prepared-graph.ts';
import { prepareGraph } from '../../src/models/prepare-graph.ts';
import { openTextTower } from '../../src/models/text-tower.ts';
import { greatestDifference, readExpected, tinyClipPath } from './fixtures.ts';

const expected = await readExpected();
let temporary: string;
let cachePath: string;
let towerPath: string;
let file: TowerFile;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'embedhouse-prepared-'));
  cachePath = join(temporary, 'graphs');
  await cp(tinyClipPath, join(temporary, 'model'), { recursive: true });
  towerPath = join(temporary, 'model/onnx/text_model.onnx');
  file = await textTowerOf('model');
});
afterEach(async () => {
  await rm(temporary, { recursive: true });
});

async function textTowerOf(name: string): Promise<TowerFile> {
  return { model: await openModelFolder(temporary, name), tower: 'text', dtype: 'fp32' };
}

async function prepare(): Promise<string> {
  const folder = await preparedGraphFolder(cachePath, file);
  await prepareGraph(file, folder);
  return folder;
}

/** The folders and files of what is prepared. */
async function prepared(): Promise<string[]> {
  return (await readdir(cachePath, { recursive: true })).toSorted();
}

describe('a prepared graph', () => {
  test('gives the vectors of PyTorch, as the published one does', async () => {
    const folder = await openModelFolder(temporary, 'model');
    const preparedGraph = await findPreparedGraph(await prepare());
    expect(preparedGraph).toBeDefined();
    for (const threads of [1, 2]) {
      await using tower = await openTextTower(folder, { dtype: 'fp32', threads, preparedGraph });
      for (const { ids, vector } of expected.texts) {
        expect(greatestDifference(await tower.run([ids]), vector)).toBeLessThan(1e-4);
      }
    }
  });

  test('holds its weights in a file of their own, which sessions can map', async () => {
    const folder = await prepare();
    const name = basename(folder);
    expect(await prepared()).toEqual([
      name,
      ...['graph.onnx', 'graph.onnx.data', 'prepared.json'].map((file) => join(name, file)),
    ]);
    expect((await stat(join(folder, 'graph.onnx.data'))).size).toBeGreaterThan(10_000);
  });

  test('is not found where there is none, or not a whole one', async () => {
    const folder = await preparedGraphFolder(cachePath, file);
    expect(await findPreparedGraph(folder)).toBeUndefined();
    await prepareGraph(file, folder);
    await truncate(join(folder, 'graph.onnx.data'), 100);
    expect(await findPreparedGraph(folder)).toBeUndefined();
    // It is prepared anew in its place.
    await prepareGraph(file, folder);
    expect(await findPreparedGraph(folder)).toBe(join(folder, 'graph.onnx'));
    await writeFile(join(folder, 'prepared.json'), '{');
    expect(await findPreparedGraph(folder)).toBeUndefined();
  });

  test('takes the place of the one of the same file in another state', async () => {
    const before = await prepare();
    await utimes(towerPath, new Date(0), new Date(0));
    const after = await prepare();
    expect(after).not.toBe(before);
    expect(await findPreparedGraph(before)).toBeUndefined();
    expect(await findPreparedGraph(after)).toBeDefined();
  });

  test('leaves those of other files alone, unless they were not used for a month', async () => {
    const [used, unused] = [join(cachePath, 'used'), join(cachePath, 'unused')];
    await prepareGraph({ ...file, tower: 'vision' }, used);
    await prepareGraph(file, unused);
    await utimes(unused, new Date(0), new Date(0));
    await cp(tinyClipPath, join(temporary, 'third'), { recursive: true });
    await prepareGraph(await textTowerOf('third'), join(cachePath, 'third'));
    expect(await readdir(cachePath)).toEqual(['third', 'used']);
  });
});

describe('preparing', () => {
  test('removes what a process that is gone left half done, and leaves what others are doing', async () => {
    const gone = spawnSync('true').pid;
    await mkdir(join(cachePath, `text_model-0.partial-${gone}`), { recursive: true });
    await mkdir(join(cachePath, `text_model-0.partial-${process.ppid}`));
    await prepare();
    const left = (await readdir(cachePath)).filter((name) => name.includes('partial'));
    expect(left).toEqual([`text_model-0.partial-${process.ppid}`]);
  });

  test('a file that is no graph fails with its name and leaves nothing behind', async () => {
    await writeFile(towerPath, 'no graph');
    await expect(prepare()).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining(towerPath),
    });
    expect(await prepared()).toEqual([]);
  });

  test('in a folder that cannot be written fails with the reason', async () => {
    await mkdir(dirname(cachePath), { recursive: true });
    await writeFile(cachePath, 'a file');
    await expect(prepare()).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      message: expect.stringMatching(/cannot be written \(E[A-Z]+:/),
    });
  });
});
