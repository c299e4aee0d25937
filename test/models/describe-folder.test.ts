import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openModelFolder, type ModelFolder } from '../../src/models/model-folder.ts';
import { modelsPath } from './fixtures.ts';

let temporary: string;
let copies = 0;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'embedhouse-describe-'));
});
afterAll(async () => rm(temporary, { recursive: true }));

/** What to change in a copy of a recorded model: fields of JSON files, a whole file's content, or none: no such file. */
type Changes = Record<string, Record<string, unknown> | unknown[] | undefined>;

async function openChanged(model: string, changes: Changes): Promise<ModelFolder> {
  const name = `copy-${copies++}`;
  await cp(join(modelsPath, model), join(temporary, name), { recursive: true });
  for (const [file, change] of Object.entries(changes)) {
    const path = join(temporary, name, file);
    if (change === undefined) {
      await rm(path);
    } else if (Array.isArray(change)) {
      await writeFile(path, JSON.stringify(change));
    } else {
      const content: object = JSON.parse(await readFile(path, 'utf8').catch(() => '{}'));
      await writeFile(path, JSON.stringify({ ...content, ...change }));
    }
  }
  return openModelFolder(temporary, name);
}

const pooling = '1_Pooling/config.json';
const noPooling = { pooling_mode_cls_token: false, pooling_mode_mean_tokens: false, pooling_mode_max_tokens: false };

describe('a sentence encoder', () => {
  test.each([
    ['max', { [pooling]: { ...noPooling, pooling_mode_max_tokens: true } }, { pooling: 'max' }],
    ['cls', { [pooling]: { ...noPooling, pooling_mode_cls_token: true } }, { pooling: 'cls' }],
    ['as newer versions name it', { [pooling]: { ...noPooling, pooling_mode: 'lasttoken' } }, { pooling: 'last' }],
    ['lower case', { 'sentence_bert_config.json': { do_lower_case: true } }, { lowerCase: true }],
    ['another maximum', { 'sentence_bert_config.json': { max_seq_length: 20 } }, { maxTokens: 20 }],
    ['no more tokens than positions', { 'sentence_bert_config.json': { max_seq_length: 5000 } }, { maxTokens: 64 }],
    [
      'the tokenizer’s maximum where sentence-transformers gives none',
      { 'sentence_bert_config.json': undefined, 'tokenizer_config.json': { model_max_length: 24 } },
      { maxTokens: 24 },
    ],
    [
      'RoBERTa’s positions, of which two are taken',
      { 'sentence_bert_config.json': undefined, 'config.json': { model_type: 'roberta', max_position_embeddings: 22 } },
      { maxTokens: 20 },
    ],
    [
      'a limit of our own for models that read books',
      { 'sentence_bert_config.json': { max_seq_length: 32_768 }, 'config.json': { max_position_embeddings: 32_768 } },
      { maxTokens: 2048 },
    ],
    ['no normalisation', { 'modules.json': [] }, { normalize: false, pooling: 'mean' }],
    [
      'the mean where nothing says how',
      { 'modules.json': undefined, [pooling]: undefined, 'sentence_bert_config.json': undefined },
      { pooling: 'mean', normalize: false },
    ],
    [
      'a default prompt',
      { 'config_sentence_transformers.json': { prompts: { q: 'query: ' }, default_prompt_name: 'q' } },
      { prompts: { q: 'query: ' }, defaultPrompt: 'q' },
    ],
  ] satisfies [string, Changes, object][])('has %s', async (_, changes, text) => {
    expect(await openChanged('tiny-bert-mean', changes)).toMatchObject({ kind: 'text', text });
  });

  test('of DistilBERT’s kind has its dimensions in another field', async () => {
    const folder = await openChanged('tiny-bert-mean', { 'config.json': { hidden_size: undefined, dim: 32 } });
    expect(folder.dimensions).toBe(32);
  });

  test('counts the files of sentence-transformers among its settings', async () => {
    const { settings } = await openModelFolder(modelsPath, 'tiny-bert-mean');
    expect(settings).toEqual([
      'config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      '1_Pooling/config.json',
      'config_sentence_transformers.json',
      'modules.json',
      'sentence_bert_config.json',
    ]);
  });
});

describe('an image encoder', () => {
  test.each([
    [
      'the last of its stages’ widths',
      'tiny-vit',
      { 'config.json': { hidden_size: undefined, hidden_sizes: [8, 32] } },
      { dimensions: 32 },
    ],
    [
      'no normalisation',
      'tiny-vit',
      { 'preprocessor_config.json': { do_normalize: false } },
      { image: { mean: [0, 0, 0], std: [1, 1, 1] } },
    ],
    ['a crop', 'tiny-dino', {}, { image: { resize: 'short-side', shortSide: 71, size: 64, cropStart: 'floor' } }],
  ] satisfies [string, string, Changes, object][])('has %s', async (_, model, changes, description) => {
    expect(await openChanged(model, changes)).toMatchObject({ kind: 'image', ...description });
  });
});

test('a pair whose towers are in files of their own, and in one, is taken from those of their own', async () => {
  const name = 'both-layouts';
  await cp(join(modelsPath, 'tiny-clip'), join(temporary, name), { recursive: true });
  await cp(join(modelsPath, 'tiny-clip-one-file/onnx/model.onnx'), join(temporary, name, 'onnx/model.onnx'));
  expect((await openModelFolder(temporary, name)).graphs).toEqual([
    { dtype: 'fp32', text: 'onnx/text_model.onnx', vision: 'onnx/vision_model.onnx' },
  ]);
});

describe('file and field are named of', () => {
  const dense = [
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
    { idx: 2, name: '2', path: '2_Dense', type: 'sentence_transformers.models.Dense' },
  ];
  test.each([
    [
      'a module that is not known',
      'tiny-bert-mean',
      { 'modules.json': dense },
      /modules\.json: the module Dense is not/,
    ],
    [
      'two poolings at once',
      'tiny-bert-mean',
      { [pooling]: { pooling_mode_cls_token: true } },
      /1_Pooling\/config\.json: pooling_mode_\w+ and pooling_mode_\w+ is asked for/,
    ],
    [
      'no pooling',
      'tiny-bert-mean',
      { [pooling]: noPooling },
      /1_Pooling\/config\.json: no pooling_mode_ field is true/,
    ],
    [
      'a pooling that is not known',
      'tiny-bert-mean',
      { [pooling]: { ...noPooling, pooling_mode_weightedmean_tokens: true } },
      /pooling_mode_weightedmean_tokens is asked for/,
    ],
    ['a missing pooling', 'tiny-bert-mean', { [pooling]: undefined }, /has no readable 1_Pooling\/config\.json/],
    [
      'pooling without the prompt',
      'tiny-bert-cls',
      { [pooling]: { include_prompt: false } },
      /field include_prompt is false/,
    ],
    [
      'a length that is none',
      'tiny-bert-mean',
      { 'sentence_bert_config.json': { max_seq_length: 'long' } },
      /sentence_bert_config\.json: field max_seq_length is wrong/,
    ],
    [
      'no dimensions of texts',
      'tiny-bert-mean',
      { 'config.json': { hidden_size: undefined } },
      /config\.json: none of the fields hidden_size, dim and d_model/,
    ],
    [
      'no dimensions of images',
      'tiny-vit',
      { 'config.json': { hidden_size: undefined } },
      /config\.json: neither hidden_size nor hidden_sizes/,
    ],
    [
      'a missing tokenizer configuration',
      'tiny-bert-mean',
      { 'tokenizer_config.json': undefined },
      /has no readable tokenizer_config\.json/,
    ],
    [
      'a kind that is not known',
      'tiny-clip',
      { 'config.json': { model_type: 'blip' } },
      /model_type is 'blip' and the folder has both tokenizer\.json and preprocessor_config\.json/,
    ],
    [
      'a folder of neither kind',
      'tiny-bert-mean',
      { 'tokenizer.json': undefined },
      /the folder has neither tokenizer\.json/,
    ],
    [
      'images that are not resized',
      'tiny-vit',
      { 'preprocessor_config.json': { do_resize: false } },
      /preprocessor_config\.json: field do_resize is wrong/,
    ],
    [
      'a filter that is not known',
      'tiny-vit',
      { 'preprocessor_config.json': { resample: 1 } },
      /field resample is wrong \(only 2 \(bilinear\) and 3 \(bicubic\) are known\)/,
    ],
    [
      'another scale',
      'tiny-vit',
      { 'preprocessor_config.json': { rescale_factor: 1 / 127.5 } },
      /field rescale_factor is wrong \(only 1\/255 is known\)/,
    ],
    [
      'images that are no squares',
      'tiny-vit',
      { 'preprocessor_config.json': { size: { height: 64, width: 32 } } },
      /field size is 32 x 64, but must be a square/,
    ],
    [
      'images of any shape',
      'tiny-dino',
      { 'preprocessor_config.json': { do_center_crop: false } },
      /field size gives the shorter side and no square/,
    ],
  ] satisfies [string, string, Changes, RegExp][])('%s', async (_, model, changes, message) => {
    await expect(openChanged(model, changes)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test('a graph that is missing', async () => {
    await expect(openChanged('tiny-bert-mean', { 'onnx/model.onnx': undefined })).rejects.toMatchObject({
      message: expect.stringMatching(/has no onnx\/model\.onnx; copy it there/),
    });
  });
});
