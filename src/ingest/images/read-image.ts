import { createHash } from 'node:crypto';

import sharp from 'sharp';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { ErrorCode } from '../../errors/error-codes.ts';
import { maxValueBytes } from '../../formats/row-reader.ts';
import { readImageFile } from '../../models/read-image-file.ts';

/** The content of an image file. */
export interface ImageContent {
  bytes: Uint8Array;
  /** In hexadecimal, as `sha256sum` prints it. */
  sha256: string;
}

/** What the header of an image says. */
export interface ImageHeader {
  width: number;
  height: number;
  /** `jpeg`, `png`, `webp`, `gif`, `avif` or `tiff`. */
  format: string;
}

const fileFailures: ReadonlySet<ErrorCode> = new Set([
  'IMAGE_NOT_FOUND',
  'IMAGE_FORBIDDEN',
  'IMAGE_INVALID',
  'IMAGE_TOO_LARGE',
]);

/** Reads a file and its digest. What is larger than a call can carry is refused unread; the host may allow less. */
export async function readImage(path: string): Promise<ImageContent> {
  const bytes = await readImageFile(path, { maxBytes: maxValueBytes, maxPixels: Number.POSITIVE_INFINITY });
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** @throws IMAGE_INVALID */
export async function readImageHeader(bytes: Uint8Array): Promise<ImageHeader> {
  try {
    const { width, height, format } = await sharp(bytes, { limitInputPixels: false }).metadata();
    // AVIF is the one kind of HEIF that is decoded.
    return { width, height, format: format === 'heif' ? 'avif' : format };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    throw new EmbedhouseError('IMAGE_INVALID', `the image's header cannot be read (${reason})`, { cause: error });
  }
}

/** The sentence for a failure that is of one file; every other error is of the whole run, and is thrown. */
export function reasonOfFile(error: unknown): string {
  // Who asked the host does not matter to whoever reads the reason.
  if (error instanceof EmbedhouseError && fileFailures.has(error.code)) return error.message.replace(/^\w+: /, '');
  throw error;
}
