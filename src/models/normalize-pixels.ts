import type { ImageSpec } from './image-spec.ts';

/**
 * Turns prepared images (height × width × RGB, 8 bits) into what an image tower takes: shape [images, 3, height,
 * width], each channel scaled to 0..1, less the mean, divided by the standard deviation, every step rounded to 32 bits
 * as PyTorch does.
 *
 * @throws RangeError when an image is not `size` × `size` × 3 bytes.
 */
export function normalizePixels(images: readonly Uint8Array[], { size, mean, std }: ImageSpec): Float32Array {
  const plane = size * size;
  const values = new Float32Array(images.length * 3 * plane);
  const tables = [0, 1, 2].map((channel) => createTable(mean[channel] ?? 0, std[channel] ?? 1));
  let offset = 0;
  for (const image of images) {
    if (image.length !== 3 * plane) {
      throw new RangeError(`a prepared image has ${image.length} bytes where ${size} x ${size} x 3 were expected`);
    }
    for (const [channel, table] of tables.entries()) {
      for (let pixel = 0, at = channel; pixel < plane; pixel++, at += 3) {
        values[offset + pixel] = table[image[at] ?? 0] ?? 0;
      }
      offset += plane;
    }
  }
  return values;
}

function createTable(mean: number, std: number): Float32Array {
  const { fround } = Math;
  return Float32Array.from({ length: 256 }, (_, byte) => {
    const scaled = fround(fround(byte) / fround(255));
    return fround(fround(scaled - fround(mean)) / fround(std));
  });
}
