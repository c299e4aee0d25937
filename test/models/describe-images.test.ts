import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ChangedModels, type Changes } from './changed-models.ts';

const preprocessor = (fields: Record<string, unknown>): Changes => ({ 'preprocessor_config.json': fields });

let models: ChangedModels;

beforeAll(async () => {
  models = await ChangedModels.create();
});
afterAll(async () => models.remove());

describe('an image encoder', () => {
  test.each([
    [
      'the last of its stages’ widths',
      'tiny-vit',
      { 'config.json': { hidden_size: undefined, hidden_sizes: [8, 32] } },
      { dimensions: 32 },
    ],
    [
      'the projection of a CLIP’s image half',
      'tiny-vit',
      { 'config.json': { model_type: 'clip_vision_model', projection_dim: 16 } },
      { dimensions: 16 },
    ],
    [
      'no normalisation',
      'tiny-vit',
      { 'preprocessor_config.json': { do_normalize: false } },
      { image: { mean: [0, 0, 0], std: [1, 1, 1] } },
    ],
    ['a crop', 'tiny-dino', {}, { image: { resize: 'short-side', shortSide: 71, size: 64, cropStart: 'floor' } }],
    [
      'what newer versions write null for',
      'tiny-vit',
      preprocessor({ do_center_crop: null, crop_size: null, do_pad: null }),
      { image: { size: 64 } },
    ],
    [
      'a square where the size is one number',
      'tiny-vit',
      preprocessor({ size: 64 }),
      { image: { resize: 'stretch', size: 64 } },
    ],
    [
      'a shorter side where it is, and CLIP prepares',
      'tiny-dino',
      preprocessor({ image_processor_type: 'CLIPFeatureExtractor', size: 80, crop_size: 64 }),
      { image: { resize: 'short-side', shortSide: 80, size: 64, cropStart: 'half-to-even' } },
    ],
    [
      'a square and a crop of it as DeiT’s',
      'tiny-vit',
      preprocessor({ image_processor_type: 'DeiTImageProcessorFast', size: 80, crop_size: 64, resample: undefined }),
      { image: { resize: 'stretch', shortSide: 80, size: 64, filter: 'bicubic' } },
    ],
    [
      'what its processor is known to do where the file is short',
      'tiny-vit',
      {
        'preprocessor_config.json': undefined,
        'processor_config.json': { image_processor: { image_processor_type: 'SiglipImageProcessor' } },
      },
      {
        image: { resize: 'stretch', size: 224, filter: 'bicubic', mean: [0.5, 0.5, 0.5] },
        settings: ['config.json', 'processor_config.json'],
      },
    ],
  ] satisfies [string, string, Changes, object][])('has %s', async (_, model, changes, description) => {
    expect(await models.open(model, changes)).toMatchObject({ kind: 'image', ...description });
  });
});

describe('file and field are named of', () => {
  test.each([
    [
      'no dimensions of images',
      'tiny-vit',
      { 'config.json': { hidden_size: undefined } },
      /config\.json: neither hidden_size nor hidden_sizes/,
    ],
    [
      'an image processor that does what no field says',
      'tiny-vit',
      preprocessor({ image_processor_type: 'LevitImageProcessor' }),
      /field image_processor_type is 'LevitImageProcessor', but only the image processors of CLIP, /,
    ],
    [
      'channels in another order',
      'tiny-vit',
      preprocessor({ do_flip_channel_order: true }),
      /field do_flip_channel_order is wrong \(only false is known\)/,
    ],
    ['a crop by percent', 'tiny-vit', preprocessor({ crop_pct: 0.875 }), /field crop_pct is wrong \(it is not known\)/],
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
    await expect(models.open(model, changes)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
