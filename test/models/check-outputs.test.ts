import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { checkOutputs } from '../../src/models/check-outputs.ts';
import { ChangedModels } from './changed-models.ts';
import { modelsPath } from './fixtures.ts';
import { recordedModels } from './recorded-models.ts';

let models: ChangedModels;

beforeAll(async () => {
  models = await ChangedModels.create();
});
afterAll(async () => models.remove());

test.each([...recordedModels, 'tiny-clip'])('%s gives what its vectors are made of', async (name) => {
  await expect(checkOutputs(await models.open(name, {}), 'fp32')).resolves.toBeUndefined();
});

test('an export for another task names what it gives instead', async () => {
  const folder = await models.open('tiny-bert-mean', {});
  await cp(join(modelsPath, 'tiny-clip/onnx/vision_model.onnx'), join(folder.path, 'onnx/model.onnx'));
  await expect(checkOutputs(folder, 'fp32')).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringMatching(/model\.onnx has no output sentence_embedding or .* but image_embeds/),
  });
});
