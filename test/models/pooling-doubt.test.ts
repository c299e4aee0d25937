import { afterAll, beforeAll, expect, test } from 'vitest';

import { poolingDoubt } from '../../src/models/pooling-doubt.ts';
import { ChangedModels } from './changed-models.ts';

const silent = { 'modules.json': undefined, '1_Pooling/config.json': undefined };

let models: ChangedModels;

beforeAll(async () => {
  models = await ChangedModels.create();
});
afterAll(async () => models.remove());

test('a folder that does not say how it is pooled is doubted, with what to copy from where', async () => {
  const folder = await models.open('tiny-bert-cls', { ...silent, 'config.json': { _name_or_path: 'owner/original' } });
  expect(poolingDoubt(folder)).toBe(
    `The folder of '${folder.name}' does not say how the vectors of tokens are pooled: their mean is taken, unless the graph does it. If the original model (owner/original) pools otherwise, copy its modules.json, 1_Pooling/config.json and sentence_bert_config.json to ${folder.path}.`,
  );
  expect(poolingDoubt(await models.open('tiny-decoder-last', silent))).toContain('the last token counts');
});

test.each(['tiny-bert-cls', 'tiny-clip', 'tiny-siglip', 'tiny-dino'])('%s leaves no doubt', async (name) => {
  expect(poolingDoubt(await models.open(name, {}))).toBeUndefined();
});
