import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { ImageSpec } from '../models/image-spec.ts';
import { prepareImage, type ImageLimits, type PrepareOptions } from '../models/prepare-image.ts';
import { readImageFile } from '../models/read-image-file.ts';
import type { ImageSource, RowFailure } from './encoder-messages.ts';

export interface PreparedImages {
  /** RGB bytes of the images that could be read, each [size, size, 3]. */
  pixels: Uint8Array[];
  /** The row of each of `pixels`. */
  rows: number[];
  failures: RowFailure[];
}

/** Reads, decodes, resizes and crops the images of a run. A bad one is a failure of its row alone. */
export async function prepareImages(
  images: readonly ImageSource[],
  image: ImageSpec,
  limits: ImageLimits,
  options: PrepareOptions,
): Promise<PreparedImages> {
  const prepared: PreparedImages = { pixels: [], rows: [], failures: [] };
  await Promise.all(
    images.map(async (source, index) => {
      try {
        const bytes = await readSource(source, limits);
        prepared.pixels.push(await prepareImage(bytes, image, limits, options));
        prepared.rows.push(index);
      } catch (error) {
        if (!(error instanceof EmbedhouseError)) {
          throw error;
        }
        // Who prepares bytes does not know where they are from.
        const message =
          'path' in source ? error.message.replace(/^the image/, `image '${source.path}'`) : error.message;
        prepared.failures.push({ index, code: error.code, message });
      }
    }),
  );
  prepared.failures.sort((a, b) => a.index - b.index);
  return prepared;
}

async function readSource(source: ImageSource, limits: ImageLimits): Promise<Uint8Array> {
  if ('bytes' in source) {
    return source.bytes;
  }
  return readImageFile(source.path, limits, source.folders.length > 0 ? source.folders : undefined);
}
