import { z } from 'zod';

import type { ImageSpec } from '../image-spec.ts';
import { readJsonFile } from '../read-json-file.ts';
import { invalidField } from './invalid-field.ts';

const file = 'preprocessor_config.json';

const positive = z.number().int().positive();
const square = z.object({ height: positive, width: positive });
const channels = z.tuple([z.number(), z.number(), z.number()]);

/** Pillow's numbers of its filters. */
const filters = { 2: 'bilinear', 3: 'bicubic' } as const;
const resample = z
  .union([z.literal(2), z.literal(3)], { error: 'only 2 (bilinear) and 3 (bicubic) are known' })
  .transform((number) => filters[number]);

const schema = z.object({
  do_resize: z.literal(true, { error: 'only true is known' }).default(true),
  size: z.union([positive, z.object({ shortest_edge: positive }), square]).optional(),
  resample: resample.optional(),
  do_center_crop: z.boolean().optional(),
  crop_size: z.union([positive, square]).optional(),
  do_rescale: z.literal(true, { error: 'only true is known' }).default(true),
  rescale_factor: z
    .number()
    .refine((factor) => Math.abs(factor * 255 - 1) < 1e-4, { error: 'only 1/255 is known' })
    .optional(),
  do_normalize: z.boolean().default(true),
  image_mean: channels.optional(),
  image_std: channels.optional(),
});

/** What holds where `preprocessor_config.json` says nothing. */
export interface ImageDefaults extends Omit<ImageSpec, 'shortSide' | 'resize'> {
  /** Whether a crop is cut out where the file does not say so. */
  readonly crops: boolean;
}

/** OpenAI's CLIP, whose preprocessing is torchvision's. */
export const clipDefaults: ImageDefaults = {
  crops: true,
  filter: 'bicubic',
  size: 224,
  cropStart: 'half-to-even',
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** Transformers' own image processors, whose crops begin at the smaller half of an odd margin. */
export const transformersDefaults: ImageDefaults = {
  crops: false,
  filter: 'bilinear',
  size: 224,
  cropStart: 'floor',
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

/**
 * Reads how images are prepared, as transformers' image processors write it down.
 *
 * @throws MODEL_INVALID naming the field that is wrong, or that asks for what is not known.
 */
export async function readImageSpec(folderPath: string, defaults: ImageDefaults): Promise<ImageSpec> {
  const given = await readJsonFile(folderPath, file, schema);
  const { size = defaults.size, resample: filter = defaults.filter } = given;
  const resize = typeof size === 'object' && 'height' in size ? 'stretch' : 'short-side';
  const shortSide = sideOf(folderPath, 'size', size);
  const crops = given.do_center_crop ?? (given.crop_size !== undefined || (defaults.crops && resize === 'short-side'));
  const crop = crops ? sideOf(folderPath, 'crop_size', given.crop_size ?? defaults.size) : shortSide;
  if (crop > shortSide) {
    throw invalidField(
      folderPath,
      file,
      `field crop_size is ${crop} x ${crop}, but must be no larger than size (${shortSide}); copy the file again from where the model came from`,
    );
  }
  if (!crops && resize === 'short-side') {
    throw invalidField(
      folderPath,
      file,
      'field size gives the shorter side and no square is cut out (do_center_crop), but only models that see squares are known; choose another model',
    );
  }
  const { mean, std, cropStart } = defaults;
  const colours = given.do_normalize
    ? { mean: given.image_mean ?? mean, std: given.image_std ?? std }
    : { mean: [0, 0, 0] as const, std: [1, 1, 1] as const };
  return { resize, shortSide, filter, size: crop, cropStart, ...colours };
}

type Size = NonNullable<z.infer<typeof schema>['size']>;

function sideOf(folderPath: string, field: string, size: Size): number {
  if (typeof size === 'number') return size;
  if ('shortest_edge' in size) return size.shortest_edge;
  if (size.height === size.width) return size.height;
  throw invalidField(
    folderPath,
    file,
    `field ${field} is ${size.width} x ${size.height}, but must be a square; choose another model`,
  );
}
