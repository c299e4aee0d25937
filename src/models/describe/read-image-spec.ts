import { z } from 'zod';

import type { ImageSpec } from '../image-spec.ts';
import { readJsonFile } from '../read-json-file.ts';
import { invalidField } from './invalid-field.ts';
import { type ImageDefaults, processorOf } from './image-processors.ts';

const positive = z.number().int().positive();
const square = z.object({ height: positive, width: positive });
const channels = z.tuple([z.number(), z.number(), z.number()]);
const onlyTrue = z.literal(true, { error: 'only true is known' }).nullish();
const onlyFalse = z.literal(false, { error: 'only false is known' }).nullish();

/** Pillow's numbers of its filters. */
const filters = { 2: 'bilinear', 3: 'bicubic' } as const;
const resample = z
  .union([z.literal(2), z.literal(3)], { error: 'only 2 (bilinear) and 3 (bicubic) are known' })
  .transform((number) => filters[number]);

// Newer versions write null for what they do not use.
const schema = z.object({
  image_processor_type: z.string().nullish(),
  feature_extractor_type: z.string().nullish(),
  do_resize: onlyTrue,
  size: z.union([positive, z.object({ shortest_edge: positive }), square]).nullish(),
  resample: resample.nullish(),
  do_center_crop: z.boolean().nullish(),
  crop_size: z.union([positive, square]).nullish(),
  do_rescale: onlyTrue,
  rescale_factor: z
    .number()
    .refine((factor) => Math.abs(factor * 255 - 1) < 1e-4, { error: 'only 1/255 is known' })
    .nullish(),
  do_normalize: z.boolean().nullish(),
  image_mean: channels.nullish(),
  image_std: channels.nullish(),
  do_flip_channel_order: onlyFalse,
  do_pad: onlyFalse,
  do_thumbnail: onlyFalse,
  crop_pct: z.null({ error: 'it is not known' }).optional(),
});

/** The file that holds an image processor's settings by itself, and the one that holds those of all of a model's. */
export const imageSettings = ['preprocessor_config.json', 'processor_config.json'] as const;
const nestedSchema = z.object({ image_processor: schema });

/**
 * Reads how images are prepared, as transformers' image processors write it down; `files` are those of the folder.
 *
 * @throws MODEL_INVALID naming the field that is wrong, or that asks for what is not known.
 */
export async function readImageSpec(
  folderPath: string,
  files: ReadonlySet<string>,
  usual: ImageDefaults,
): Promise<ImageSpec> {
  const isNested = !files.has(imageSettings[0]) && files.has(imageSettings[1]);
  const file = imageSettings[isNested ? 1 : 0];
  const given = isNested
    ? (await readJsonFile(folderPath, file, nestedSchema)).image_processor
    : await readJsonFile(folderPath, file, schema);
  const type = given.image_processor_type ?? given.feature_extractor_type ?? undefined;
  const defaults = type === undefined ? usual : processorOf(folderPath, file, type);
  const size = given.size ?? defaults.size;
  const isSquare = typeof size === 'number' ? defaults.numberMeans === 'square' : 'height' in size;
  const shortSide = sideOf(folderPath, file, 'size', size);
  const crops = given.do_center_crop ?? (given.crop_size != null || (defaults.crops && !isSquare));
  const crop = crops ? sideOf(folderPath, file, 'crop_size', given.crop_size ?? defaults.cropSize) : shortSide;
  if (crop > shortSide) {
    throw invalidField(
      folderPath,
      file,
      `field crop_size is ${crop} x ${crop}, but must be no larger than size (${shortSide}); copy the file again from where the model came from`,
    );
  }
  if (!crops && !isSquare) {
    throw invalidField(
      folderPath,
      file,
      'field size gives the shorter side and no square is cut out (do_center_crop), but only models that see squares are known; choose another model',
    );
  }
  const { mean, std, cropStart } = defaults;
  const colours =
    (given.do_normalize ?? true)
      ? { mean: given.image_mean ?? mean, std: given.image_std ?? std }
      : { mean: [0, 0, 0] as const, std: [1, 1, 1] as const };
  const filter = given.resample ?? defaults.filter;
  return { resize: isSquare ? 'stretch' : 'short-side', shortSide, filter, size: crop, cropStart, ...colours };
}

type Size = NonNullable<z.infer<typeof schema>['size']>;

function sideOf(folderPath: string, file: string, field: string, size: Size): number {
  if (typeof size === 'number') return size;
  if ('shortest_edge' in size) return size.shortest_edge;
  if (size.height === size.width) return size.height;
  throw invalidField(
    folderPath,
    file,
    `field ${field} is ${size.width} x ${size.height}, but must be a square; choose another model`,
  );
}
