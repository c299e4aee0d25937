import type { ImageSpec } from '../image-spec.ts';
import { invalidField } from './invalid-field.ts';

/** What holds where a file of settings says nothing. */
export interface ImageDefaults extends Pick<ImageSpec, 'filter' | 'cropStart' | 'mean' | 'std'> {
  readonly size: number | { readonly shortest_edge: number };
  /** What a size that is one number is: both sides, or the shorter one. */
  readonly numberMeans: 'square' | 'shorter side';
  /** Whether a crop is cut out of an image that keeps its shape. */
  readonly crops: boolean;
  readonly cropSize: number;
}

const half = [0.5, 0.5, 0.5] as const;
const clipColours = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} as const;

/** OpenAI's CLIP, whose preprocessing is torchvision's. */
export const clipProcessor: ImageDefaults = {
  size: { shortest_edge: 224 },
  numberMeans: 'shorter side',
  filter: 'bicubic',
  crops: true,
  cropSize: 224,
  cropStart: 'half-to-even',
  ...clipColours,
};

/** ViT and most others: a square, whatever the image's shape. Crops begin at the smaller half of an odd margin. */
export const vitProcessor: ImageDefaults = {
  size: 224,
  numberMeans: 'square',
  filter: 'bilinear',
  crops: false,
  cropSize: 224,
  cropStart: 'floor',
  mean: half,
  std: half,
};

export const siglipProcessor: ImageDefaults = { ...vitProcessor, filter: 'bicubic' };

/** By the beginning of their names in transformers, of which there are several each (`…Fast`, `…FeatureExtractor`). */
const processors: Readonly<Record<string, ImageDefaults>> = {
  CLIP: clipProcessor,
  Siglip: siglipProcessor,
  Siglip2: siglipProcessor,
  ViT: vitProcessor,
  DINOv3ViT: vitProcessor,
  DeiT: { ...vitProcessor, size: 256, filter: 'bicubic', crops: true },
  Bit: { ...clipProcessor, cropStart: 'floor' },
};

/**
 * Gives the defaults of an image processor of transformers by its name.
 *
 * @throws MODEL_INVALID when it is not known: others do what no field says.
 */
export function processorOf(folderPath: string, file: string, type: string): ImageDefaults {
  const name = type.replace(/(?:ImageProcessor|FeatureExtractor)(?:Fast|Pil)?$/, '');
  const defaults = Object.hasOwn(processors, name) ? processors[name] : undefined;
  if (defaults !== undefined) return defaults;
  const known = Object.keys(processors).join(', ');
  throw invalidField(
    folderPath,
    file,
    `field image_processor_type is '${type}', but only the image processors of ${known} are known; choose another model`,
  );
}
