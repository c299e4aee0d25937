import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { ImageSpec } from '../models/model-folder.ts';
import { prepareImage, type ImageLimits } from '../models/prepare-image.ts';
import { readImageFile } from '../models/read-image-file.ts';
import type { EncoderInput, RowFailure } from './encoder-messages.ts';

export interface PreparedImages {
  /** RGB bytes of the images that could be read, each [size, size, 3]. */
  pixels: Uint8Array[];
  /** The row of each of `pixels`. */
  rows: number[];
  failures: RowFailure[];
}

/** Reads, decodes, resizes and crops the images of a run. A bad one is a failure of its row alone. */
export async function prepareImages(
  input: Extract<EncoderInput, { tower: 'image' }>,
  image: ImageSpec,
  limits: ImageLimits,
): Promise<PreparedImages> {
  const allowedFolders = input.imageFolders.length > 0 ? input.imageFolders : undefined;
  const prepared: PreparedImages = { pixels: [], rows: [], failures: [] };
  await Promise.all(
    input.images.map(async (source, index) => {
      try {
        const bytes = 'bytes' in source ? source.bytes : await readImageFile(source.path, limits, allowedFolders);
        prepared.pixels.push(await prepareImage(bytes, image, limits));
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
