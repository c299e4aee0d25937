import sharp from 'sharp';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { convertCmykToRgb } from './convert-cmyk-to-rgb.ts';
import type { ImageSpec } from './image-spec.ts';
import { type RgbPixels, resizeAndCrop } from './pillow-bicubic.ts';

/** What an image may cost. */
export interface ImageLimits {
  /** The largest file, compressed as it is. */
  readonly maxBytes: number;
  /** The most pixels (width × height); they are counted in the header, before anything is decoded. */
  readonly maxPixels: number;
}

// SVG and PDF are drawings of any size, not images of pixels, and the reference reads neither.
const formats: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']);

/**
 * Decodes an image file and prepares it for an image tower: size × size × RGB bytes, equal to those of OpenAI's CLIP
 * preprocessing in Python on the image converted to RGB (transparency dropped, no rotation by EXIF, no colour profile).
 * Of an animation the first frame counts. Two kinds differ: of 16-bit grey the high byte is taken, where Pillow turns all
 * but the darkest 256 of 65 536 levels white; and AVIF with subsampled colours is decoded with another interpolation.
 *
 * @throws IMAGE_INVALID when the bytes are empty, cut off, or no JPEG, PNG, WebP, GIF, TIFF or AVIF image.
 * @throws IMAGE_TOO_LARGE when the bytes or the pixels exceed the limits.
 */
export async function prepareImage(bytes: Uint8Array, image: ImageSpec, limits: ImageLimits): Promise<Uint8Array> {
  if (bytes.length === 0) {
    throw new EmbedhouseError('IMAGE_INVALID', 'the image has 0 bytes; give the bytes of an image file');
  }
  checkImageBytes('the image', bytes.length, limits);
  return resizeAndCrop(await decode(bytes, limits), image);
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

async function decode(bytes: Uint8Array, limits: ImageLimits): Promise<RgbPixels> {
  // Pixels are counted below, where the message can name them.
  const decoder = sharp(bytes, { ignoreIcc: true, failOn: 'truncated', limitInputPixels: false });
  const { format, space, width, height } = await readOrRefuse(decoder.metadata());
  if (!formats.has(format)) {
    throw new EmbedhouseError(
      'IMAGE_INVALID',
      `the image is of format ${format} where JPEG, PNG, WebP, GIF, TIFF or AVIF was expected; convert it to one of these`,
    );
  }
  if (width * height > limits.maxPixels) {
    throw new EmbedhouseError(
      'IMAGE_TOO_LARGE',
      `the image is ${width} x ${height} pixels where at most ${limits.maxPixels} pixels are allowed; give a smaller one, or start the model host with a larger --max-image-megapixels`,
    );
  }
  const isCmyk = space === 'cmyk';
  if (isCmyk) decoder.pipelineColourspace('cmyk').toColourspace('cmyk');
  else decoder.removeAlpha();
  const { data, info } = await readOrRefuse(decoder.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }));
  if (info.channels !== (isCmyk ? 4 : 3)) {
    throw new EmbedhouseError(
      'IMAGE_INVALID',
      `the image is of colour space ${space} with ${info.channels} channels, which has no plain conversion to RGB; convert it to RGB`,
    );
  }
  return { data: isCmyk ? convertCmykToRgb(data) : data, width: info.width, height: info.height };
}

async function readOrRefuse<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new EmbedhouseError(
      'IMAGE_INVALID',
      `the image cannot be decoded (${reason}); give a whole JPEG, PNG, WebP, GIF, TIFF or AVIF image`,
      { cause },
    );
  }
}
