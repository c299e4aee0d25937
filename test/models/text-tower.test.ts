import { cp, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ModelFolder, openModelFolder, textSpecOf } from '../../src/models/model-folder.ts';
import { openTextTower, type TextTower } from '../../src/models/text-tower.ts';
import { greatestDifference, modelsPath, readExpected, tinyClipPath } from './fixtures.ts';

const options = { dtype: 'fp32', threads: 1 } as const;
const expected = await readExpected();
const allIds = expected.texts.map(({ ids }) => ids);
let folder: ModelFolder;
let tower: TextTower;
let maxTokens: number;
let temporary: string;

beforeAll(async () => {
  folder = await openModelFolder(modelsPath, 'tiny-clip');
  ({ maxTokens } = textSpecOf(folder));
  tower = await openTextTower(folder, options);
  temporary = await mkdtemp(join(tmpdir(), 'embedhouse-text-tower-'));
});
afterAll(async () => {
  await tower.close();
  await rm(temporary, { recursive: true });
});

function rowOf(vectors: Float32Array, row: number): Float32Array {
  return vectors.subarray(row * folder.dimensions, (row + 1) * folder.dimensions);
}

/** Copies tiny-clip and replaces its text tower. */
async function copyWithTextTower(name: string, replace: (path: string) => Promise<void>): Promise<ModelFolder> {
  await cp(tinyClipPath, join(temporary, name), { recursive: true });
  await replace(join(temporary, name, 'onnx', 'text_model.onnx'));
  return openModelFolder(temporary, name);
}

describe('run', () => {
  test.each(expected.texts)('gives the vector of PyTorch for $title', async ({ ids, vector }) => {
    expect(greatestDifference(await tower.run([ids]), vector)).toBeLessThan(1e-4);
  });

  test('gives the same vector alone and in a batch of mixed lengths, bit for bit', async () => {
    const batch = await tower.run(allIds);
    expect(batch).toHaveLength(allIds.length * folder.dimensions);
    for (const [row, ids] of allIds.entries()) expect(rowOf(batch, row)).toEqual(await tower.run([ids]));
  });

  test('gives the same vector padded to 77 and trimmed, bit for bit', async () => {
    for (const ids of allIds) {
      const padded = [...ids, ...Array.from({ length: maxTokens - ids.length }, () => 0)];
      expect(await tower.run([padded])).toEqual(await tower.run([ids]));
    }
  });

  test('tells two long texts apart', async () => {
    const [first, second] = allIds.filter((ids) => ids.length === maxTokens);
    const vectors = await tower.run([first ?? [], second ?? []]);
    expect(greatestDifference(rowOf(vectors, 0), rowOf(vectors, 1))).toBeGreaterThan(0.01);
  });

  test('gives no vectors for an empty batch', async () => {
    expect(await tower.run([])).toHaveLength(0);
  });

  test('serves an export that takes exactly 77 ids and an attention mask', async () => {
    const fixed = await copyWithTextTower('fixed', (path) =>
      copyFile(join(tinyClipPath, 'text_model_fixed_77.onnx'), path),
    );
    await using fixedTower = await openTextTower(fixed, options);
    const vectors = await fixedTower.run(allIds);
    for (const [row, { vector }] of expected.texts.entries()) {
      expect(greatestDifference(rowOf(vectors, row), vector)).toBeLessThan(1e-4);
    }
  });

  test('names the graph and the shapes when config.json promises other dimensions', async () => {
    await using wrong = await openTextTower({ ...folder, dimensions: 512 }, options);
    await expect(wrong.run([[1, 2]])).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/text_model\.onnx: output text_embeds is float32 of shape \[1, 16\].*\[1, 512\]/),
    });
  });

  test('says what onnxruntime says about ids that the model does not have', async () => {
    await expect(tower.run([[1_000_000]])).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });
});

describe('openTextTower', () => {
  test('refuses a dtype that the model does not come in and names those it has', async () => {
    await expect(openTextTower(folder, { dtype: 'int8', threads: 1 })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/'tiny-clip' has no int8 files.*only fp32/),
    });
  });

  test('names a file that is no graph', async () => {
    const corrupt = await copyWithTextTower('corrupt', (path) => writeFile(path, 'not a graph'));
    await expect(openTextTower(corrupt, options)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining(join(corrupt.path, 'onnx/text_model.onnx')),
    });
  });

  test('names the outputs of a graph that is not a text tower', async () => {
    const swapped = await copyWithTextTower('swapped', (path) =>
      copyFile(join(tinyClipPath, 'onnx', 'vision_model.onnx'), path),
    );
    await expect(openTextTower(swapped, options)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('has no output text_embeds but image_embeds (float32)'),
    });
  });

  test('closes more than once', async () => {
    const other = await openTextTower(folder, options);
    await other.close();
    await expect(other.close()).resolves.toBeUndefined();
  });
});
