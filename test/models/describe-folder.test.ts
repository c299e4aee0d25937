import { cp } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openModelFolder } from '../../src/models/model-folder.ts';
import { ChangedModels, type Changes } from './changed-models.ts';
import { modelsPath } from './fixtures.ts';

let models: ChangedModels;

beforeAll(async () => {
  models = await ChangedModels.create();
});
afterAll(async () => models.remove());

const pooling = '1_Pooling/config.json';
const noPooling = { pooling_mode_cls_token: false, pooling_mode_mean_tokens: false, pooling_mode_max_tokens: false };

describe('a sentence encoder', () => {
  const dense = [
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
    { idx: 2, name: '2', path: '2_Dense', type: 'sentence_transformers.models.Dense' },
  ];
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
    ['as a list of one', { [pooling]: { ...noPooling, pooling_mode: ['cls'] } }, { pooling: 'cls' }],
    ['nothing but a graph that pools, where a module is not known', { 'modules.json': dense }, { pooling: 'graph' }],
    [
      'likewise where a module is of the model’s own code',
      { 'modules.json': [{ path: '', type: 'custom_st.Transformer' }] },
      { pooling: 'graph' },
    ],
    [
      'the last token where nothing says how and it is a decoder',
      { 'config.json': { model_type: 'qwen3' }, 'modules.json': undefined },
      { pooling: 'last' },
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
    expect(await models.open('tiny-bert-mean', changes)).toMatchObject({ kind: 'text', text });
  });

  test('of GPT-2’s kind has its dimensions and positions in other fields', async () => {
    const config = { hidden_size: undefined, max_position_embeddings: undefined, n_embd: 32, n_positions: 16 };
    expect(await models.open('tiny-bert-mean', { 'config.json': config })).toMatchObject({
      dimensions: 32,
      text: { maxTokens: 16 },
    });
  });

  test('of DistilBERT’s kind has its dimensions in another field', async () => {
    const folder = await models.open('tiny-bert-mean', { 'config.json': { hidden_size: undefined, dim: 32 } });
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

test.each([
  ['SiglipTokenizer', false],
  ['GemmaTokenizerFast', true],
  ['Siglip2Tokenizer', true],
])('a SigLIP whose tokenizer is %s reads lower case: %s', async (tokenizer, lowerCase) => {
  const folder = await models.open('tiny-siglip', { 'tokenizer_config.json': { tokenizer_class: tokenizer } });
  expect(folder.text).toMatchObject({ lowerCase });
});

test('a pair whose towers are in files of their own, and in one, is taken from those of their own', async () => {
  const whole = join(modelsPath, 'tiny-clip-one-file/onnx/model.onnx');
  const { path } = await models.open('tiny-clip', {});
  await cp(whole, join(path, 'onnx/model.onnx'));
  expect((await openModelFolder(dirname(path), basename(path))).graphs).toEqual([
    { dtype: 'fp32', text: 'onnx/text_model.onnx', vision: 'onnx/vision_model.onnx' },
  ]);
});

describe('file and field are named of', () => {
  test.each([
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
    [
      'a missing pooling',
      'tiny-bert-mean',
      { [pooling]: undefined },
      /modules\.json: the pooling is described by 1_Pooling\/config\.json, which the folder does not have/,
    ],
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
      /config\.json: none of the fields hidden_size, dim, d_model and n_embd/,
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
  ] satisfies [string, string, Changes, RegExp][])('%s', async (_, model, changes, message) => {
    await expect(models.open(model, changes)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test('a graph that is missing', async () => {
    await expect(models.open('tiny-bert-mean', { 'onnx/model.onnx': undefined })).rejects.toMatchObject({
      message: expect.stringMatching(/has no onnx\/model\.onnx; copy it there/),
    });
  });
});
