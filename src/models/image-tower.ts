import { imageSpecOf, type ModelFolder } from './model-folder.ts';
import { normalizePixels } from './normalize-pixels.ts';
import { openTower, type TowerOptions } from './open-tower.ts';
import { poolTokens } from './pool-tokens.ts';

/** The half of a model that embeds images. */
export interface ImageTower extends AsyncDisposable {
  /**
   * Embeds prepared images (each as `prepareImage` gives it: height × width × RGB, 8 bits) into vectors, row after
   * row: shape [images, dimensions], not normalised.
   *
   * @throws MODEL_INVALID when the graph fails or answers another shape.
   */
  run(pixels: readonly Uint8Array[]): Promise<Float32Array>;
  /** Releases the graph; more calls do nothing. */
  close(): Promise<void>;
}

/**
 * Opens the image tower of a model.
 *
 * @throws MODEL_INVALID when the model lacks that dtype, or its file is not an image tower.
 */
export async function openImageTower(folder: ModelFolder, options: TowerOptions): Promise<ImageTower> {
  const { session, output } = await openTower(folder, options, {
    tower: 'vision',
    requiredInput: 'pixel_values',
    inputTypes: (name) => (name === 'pixel_values' ? ['float32'] : undefined),
  });
  const { dimensions } = folder;
  const image = imageSpecOf(folder);
  const { size } = image;
  return {
    async run(pixels) {
      if (pixels.length === 0) return new Float32Array(0);
      const feed = { data: normalizePixels(pixels, image), shape: [pixels.length, 3, size, size] };
      const feeds = new Map([['pixel_values', feed]]);
      if (output.holds === 'vectors') return session.run(feeds, output.name, [pixels.length, dimensions]);
      const tokens = await session.run(feeds, output.name, [pixels.length, 'any', dimensions]);
      const count = tokens.length / pixels.length / dimensions;
      return poolTokens(
        tokens,
        Array.from(pixels, () => count),
        dimensions,
        'cls',
      );
    },
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),
  };
}
