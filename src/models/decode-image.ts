import sharp, { type Sharp } from 'sharp';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { convertAvifColours } from './convert-avif-colours.ts';
import { convertCmykToRgb } from './convert-cmyk-to-rgb.ts';
import { readAvifColours } from './read-avif-colours.ts';
import type { RgbPixels, Size } from './resize-and-crop.ts';

// Whoever decodes many images decodes them beside one another, and has models to run on the other threads.
sharp.concurrency(1);

// SVG and PDF are drawings of any size, not images of pixels, and the reference reads neither.
const formats: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']);

/**
 * A JPEG of more bytes a pixel is decoded whole: most of that time goes into reading its bits, which half the size needs
 * too, and it is noise or a fine pattern, of which half the size tells too little.
 */
const DENSE_BYTES_PER_PIXEL = 0.25;

export interface DecodeOptions {
  /** The most pixels (width × height); they are counted in the header, before anything is decoded. */
  readonly maxPixels: number;
  /**
   * A JPEG whose shorter side is at least so long is decoded at half its size, which takes libjpeg less time, and shrunk
   * on to a third, unless it is dense. `Infinity`: never.
   */
  readonly thirdFromShortSide: number;
}

/** The pixels of an image, which may be fewer than it has. */
export interface DecodedImage {
  readonly pixels: RgbPixels;
  /** The size of the image. */
  readonly size: Size;
}

/**
 * Decodes the first frame of an image file to RGB: transparency dropped, no rotation by EXIF, no colour profile.
 *
 * @throws IMAGE_INVALID when the bytes are cut off, or no JPEG, PNG, WebP, GIF, TIFF or AVIF image.
 * @throws IMAGE_TOO_LARGE when it has more than `maxPixels`.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedImage> {
  // Pixels are counted below, where the message can name them.
  const decoder = sharp(bytes, { ignoreIcc: true, failOn: 'truncated', limitInputPixels: false });
  const { format, space, width, height } = await readOrRefuse(decoder.metadata());
  if (!formats.has(format)) {
    throw new EmbedhouseError(
      'IMAGE_INVALID',
      `the image is of format ${format} where JPEG, PNG, WebP, GIF, TIFF or AVIF was expected; convert it to one of these`,
    );
  }
  if (width * height > options.maxPixels) {
    throw new EmbedhouseError(
      'IMAGE_TOO_LARGE',
      `the image is ${width} x ${height} pixels where at most ${options.maxPixels} pixels are allowed; give a smaller one, or start the model host with a larger --max-image-megapixels`,
    );
  }
  const size = { width, height };
  if (space === 'cmyk') {
    const { data, ...rest } = await readPixels(decoder.pipelineColourspace('cmyk').toColourspace('cmyk'), space, 4);
    return { pixels: { ...rest, data: convertCmykToRgb(data) }, size };
  }
  const isDense = bytes.length > DENSE_BYTES_PER_PIXEL * width * height;
  if (format === 'jpeg' && !isDense && Math.min(width, height) >= options.thirdFromShortSide) {
    // sharp lets libjpeg halve only what is to shrink to a third or less.
    decoder.resize(Math.floor(width / 3), Math.floor(height / 3), { fit: 'fill', kernel: 'cubic' });
  }
  const pixels = await readPixels(decoder.removeAlpha(), space, 3);
  const avifColours = format === 'heif' ? readAvifColours(bytes) : undefined;
  return { pixels: avifColours ? convertAvifColours(pixels, avifColours) : pixels, size };
}

async function readPixels(decoder: Sharp, space: string, channels: number): Promise<RgbPixels> {
  const { data, info } = await readOrRefuse(decoder.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }));
  if (info.channels !== channels) {
    throw new EmbedhouseError(
      'IMAGE_INVALID',
      `the image is of colour space ${space} with ${info.channels} channels, which has no plain conversion to RGB; convert it to RGB`,
    );
  }
  return { data, width: info.width, height: info.height };
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
