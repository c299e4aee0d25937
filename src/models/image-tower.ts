import type { ModelFolder } from './model-folder.ts';
import { normalizePixels } from './normalize-pixels.ts';
import { openTower, type TowerOptions } from './open-tower.ts';

/** The half of a CLIP model that embeds images. */
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

const contract = {
  tower: 'vision',
  output: 'image_embeds',
  requiredInput: 'pixel_values',
  inputTypes: { pixel_values: 'float32' },
} as const;

/**
 * Opens the image tower of a model.
 *
 * @throws MODEL_INVALID when the model lacks that dtype, or its file is not an image tower.
 */
export async function openImageTower(folder: ModelFolder, options: TowerOptions): Promise<ImageTower> {
  const session = await openTower(folder, options, contract);
  const { size } = folder.image;
  return {
    async run(pixels) {
      if (pixels.length === 0) return new Float32Array(0);
      const feed = { data: normalizePixels(pixels, folder.image), shape: [pixels.length, 3, size, size] };
      return session.run(new Map([['pixel_values', feed]]), contract.output, [pixels.length, folder.dimensions]);
    },
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),
  };
}
