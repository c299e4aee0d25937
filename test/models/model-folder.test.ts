import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listModelFolders, openModelFolder } from '../../src/models/model-folder.ts';
import { modelsPath, tinyClipPath } from './fixtures.ts';

let temporary: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'embedhouse-models-'));
});
afterAll(() => rm(temporary, { recursive: true }));

async function copyTo(name: string): Promise<string> {
  const path = join(temporary, name);
  await cp(tinyClipPath, path, { recursive: true });
  return path;
}

async function change(path: string, fields: Record<string, unknown>): Promise<void> {
  const content: object = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...content, ...fields }));
}

describe('openModelFolder', () => {
  test('reads what the folder says', async () => {
    const folder = await openModelFolder(modelsPath, 'tiny-clip');
    expect(folder).toMatchObject({
      name: 'tiny-clip',
      path: tinyClipPath,
      kind: 'clip',
      dimensions: 16,
      text: { maxTokens: 77 },
      image: { shortSide: 224, size: 224, std: [0.26862954, 0.26130258, 0.27577711] },
      dtypes: ['fp32'],
      source: 'random weights',
    });
    expect(folder.sizeBytes).toBeGreaterThan(500_000);
  });

  test('takes the values of ViT-B/32 for what the files leave out', async () => {
    const path = await copyTo('sparse');
    await writeFile(join(path, 'config.json'), '{"model_type":"clip"}');
    await writeFile(join(path, 'preprocessor_config.json'), '{}');
    expect(await openModelFolder(temporary, 'sparse')).toMatchObject({
      dimensions: 512,
      text: { maxTokens: 77 },
      image: { shortSide: 224, size: 224, mean: [0.48145466, 0.4578275, 0.40821073] },
      source: 'local folder',
    });
  });

  test('reads sizes that are numbers', async () => {
    const path = await copyTo('numbers');
    await change(join(path, 'preprocessor_config.json'), { size: 256, crop_size: 224 });
    expect(await openModelFolder(temporary, 'numbers')).toMatchObject({ image: { shortSide: 256, size: 224 } });
  });

  test('lists only dtypes that both towers come in', async () => {
    const onnx = join(await copyTo('variants'), 'onnx');
    await cp(join(onnx, 'text_model.onnx'), join(onnx, 'text_model_int8.onnx'));
    await cp(join(onnx, 'vision_model.onnx'), join(onnx, 'vision_model_int8.onnx'));
    await cp(join(onnx, 'text_model.onnx'), join(onnx, 'text_model_fp16.onnx'));
    expect((await openModelFolder(temporary, 'variants')).dtypes).toEqual(['fp32', 'int8']);
  });

  test('follows a link to a model kept elsewhere', async () => {
    await symlink(tinyClipPath, join(temporary, 'linked'));
    expect((await openModelFolder(temporary, 'linked')).dimensions).toBe(16);
  });

  test('says how to get a model that is not installed', async () => {
    await expect(openModelFolder(temporary, 'clip-vit-base-patch32')).rejects.toMatchObject({
      code: 'MODEL_NOT_INSTALLED',
      message: expect.stringMatching(
        /'clip-vit-base-patch32' is not installed in .*: get it with 'embedhouse models pull clip-vit-base-patch32', .*emoji-clip/,
      ),
    });
  });

  test.each(['', '.', '..', '../tiny-clip', '/etc', 'a/b', 'a\\b', 'a\0b', '-x', 'tiny-clip/'])(
    'refuses the name %j, which is not that of a folder',
    async (name) => {
      await expect(openModelFolder(modelsPath, name)).rejects.toMatchObject({
        code: 'MODEL_NOT_INSTALLED',
        message: expect.stringContaining('is not a model name'),
      });
    },
  );

  test.each([
    ['config.json', /has no readable config\.json/],
    ['preprocessor_config.json', /has no readable preprocessor_config\.json/],
    ['tokenizer.json', /has no tokenizer\.json/],
    ['onnx/vision_model.onnx', /has no pair of onnx\/text_model\.onnx and onnx\/vision_model\.onnx/],
  ])('names %s when it is missing', async (file, message) => {
    const name = `without-${file.replaceAll(/\W/g, '-')}`;
    const path = await copyTo(name);
    await rm(join(path, file));
    await expect(openModelFolder(temporary, name)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['config.json', { model_type: 'bert' }, /config\.json: field model_type is 'bert'/],
    ['config.json', { projection_dim: '16' }, /config\.json: field projection_dim is wrong/],
    ['config.json', { text_config: { max_position_embeddings: 0 } }, /field text_config\.max_position_embeddings/],
    ['preprocessor_config.json', { resample: 5 }, /preprocessor_config\.json: field resample is wrong/],
    ['preprocessor_config.json', { image_mean: [0.5] }, /field image_mean is wrong/],
    ['preprocessor_config.json', { crop_size: { height: 224, width: 100 } }, /field crop_size is 100 x 224/],
    ['preprocessor_config.json', { crop_size: 336 }, /field crop_size is 336 x 336/],
  ])('names the field of %s that is wrong: %j', async (file, fields, message) => {
    const path = await copyTo('wrong');
    await change(join(path, file), fields);
    await expect(openModelFolder(temporary, 'wrong')).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test('names a file that is not JSON', async () => {
    await writeFile(join(await copyTo('broken'), 'config.json'), '{"model_type": "clip",');
    await expect(openModelFolder(temporary, 'broken')).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/config\.json is not valid JSON/),
    });
  });
});

describe('listModelFolders', () => {
  test('lists models by name, the unusable ones with their problem, and skips files and hidden folders', async () => {
    const models = await mkdtemp(join(temporary, 'list-'));
    await cp(tinyClipPath, join(models, 'b'), { recursive: true });
    await mkdir(join(models, 'a'));
    await mkdir(join(models, '.cache'));
    await writeFile(join(models, 'README.md'), '');
    expect(await listModelFolders(models)).toMatchObject([
      { name: 'a', path: join(models, 'a'), problem: expect.stringContaining('config.json') },
      { name: 'b', dtypes: ['fp32'] },
    ]);
  });

  test('lists nothing when there is no folder of models', async () => {
    expect(await listModelFolders(join(temporary, 'nowhere'))).toEqual([]);
  });
});
