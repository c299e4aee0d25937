import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { decodeImage } from './decode-image.ts';
import type { ImageSpec } from './image-spec.ts';
import { resizeAndCrop, resizedSize } from './resize-and-crop.ts';

/** What an image may cost. */
export interface ImageLimits {
  /** The largest file, compressed as it is. */
  readonly maxBytes: number;
  /** The most pixels (width × height); they are counted in the header, before anything is decoded. */
  readonly maxPixels: number;
}

export interface PrepareOptions {
  /**
   * Decodes every image whole. Otherwise large JPEGs (see `prepareImage`) are decoded at half their size, in about half
   * the time, which changes some of their bytes a little.
   *
   * @default false
   */
  readonly exact?: boolean;
}

/** Below, too little is left for the exact resize to do: on pictures of text, cosines fell to 0.9995. */
const THIRD_FROM_SCALE = 12;

/**
 * Decodes an image file and prepares it for an image tower: size × size × RGB bytes, equal to those of OpenAI's CLIP
 * preprocessing in Python (Pillow 13) on the image converted to RGB (transparency dropped, no rotation by EXIF, no colour
 * profile). Of an animation the first frame counts.
 *
 * Three kinds differ, `exact` or not. Of 16-bit grey the high byte is taken, where Pillow turns all but the darkest 256 of
 * 65 536 levels white. AVIF of 8 bits differs by at most 0.3 of 255 in the mean, all but nothing where no colour is clipped;
 * by 0.7 if its samples have the narrow range and it does not say so in the container, or has many clipped colours by
 * BT.709; AVIF of more bits, or rotated or cut by its file, keeps the other decoder's colours (1 and more where pixels share
 * them), and is rotated, which Pillow leaves out.
 *
 * Unless `exact`, a JPEG that is no more than a quarter of a byte a pixel and at least 12 times as long on its shorter
 * side as the prepared image (2 688 pixels for 224) is decoded at half its size. On synthetic photos, drawings and text of
 * that size the vectors of two models had cosines of at least 0.9999 with the exact ones, and the bytes differed by at most
 * 1.7 of 255 in the mean; on mere noise, which such files hardly hold, the cosine was 0.9991.
 *
 * @throws IMAGE_INVALID when the bytes are empty, cut off, or no JPEG, PNG, WebP, GIF, TIFF or AVIF image.
 * @throws IMAGE_TOO_LARGE when the bytes or the pixels exceed the limits.
 */
export async function prepareImage(
  bytes: Uint8Array,
  spec: ImageSpec,
  limits: ImageLimits,
  { exact = false }: PrepareOptions = {},
): Promise<Uint8Array> {
  if (bytes.length === 0) {
    throw new EmbedhouseError('IMAGE_INVALID', 'the image has 0 bytes; give the bytes of an image file');
  }
  checkImageBytes('the image', bytes.length, limits);
  const image = await decodeImage(bytes, {
    maxPixels: limits.maxPixels,
    thirdFromShortSide: exact ? Infinity : THIRD_FROM_SCALE * spec.shortSide,
  });
  return resizeAndCrop(image.pixels, resizedSize(image.size, spec), spec);
}

/**
 * Refuses an image file that is too large; `what` begins the message.
 *
 * @throws IMAGE_TOO_LARGE
 */
export function checkImageBytes(what: string, lengthBytes: number, { maxBytes }: ImageLimits): void {
  if (lengthBytes <= maxBytes) return;
  throw new EmbedhouseError(
    'IMAGE_TOO_LARGE',
    `${what} has ${lengthBytes} bytes where at most ${maxBytes} are allowed; give a smaller one, or start the model host with a larger --max-image-mib`,
  );
}
