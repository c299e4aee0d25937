import type { AvifColours } from './read-avif-colours.ts';
import type { RgbPixels, Size } from './resize-and-crop.ts';

/** Samples as the file stores them, 0 to 255: luma of each pixel, two colour differences of each block of pixels. */
interface Planes {
  readonly luma: Uint8ClampedArray;
  readonly blue: Uint8ClampedArray;
  readonly red: Uint8ClampedArray;
}

/** A pixel with a clipped channel tells its block's colour only where the block has no other. */
const CLIPPED_WEIGHT = 2 ** -20;

/**
 * Converts the pixels of an AVIF image to those that Pillow gives (libavif with libyuv) from those that sharp gives
 * (libheif), which repeats a colour sample that several pixels share where libyuv interpolates, and rounds samples of the
 * narrow range up. The samples are computed back: all but exactly, where no channel is clipped at 0 or 255.
 *
 * @see https://chromium.googlesource.com/libyuv/libyuv/+/refs/heads/main/source/row_common.cc
 */
export function convertAvifColours(pixels: RgbPixels, colours: AvifColours): RgbPixels {
  return { ...pixels, data: toRgb(toPlanes(pixels, colours), pixels, colours) };
}

// In the loops below typed arrays are read at indexes in range: `?? 0` never applies.

function toPlanes({ data, width, height }: RgbPixels, colours: AvifColours): Planes {
  const { redWeight, blueWeight, fullRange, subsampling } = colours;
  const [across, down] = subsampling;
  const blocksAcross = Math.ceil(width / across);
  const blocks = blocksAcross * Math.ceil(height / down);
  const luma = new Uint8ClampedArray(width * height);
  const blueSums = new Float64Array(blocks);
  const redSums = new Float64Array(blocks);
  const weights = new Float64Array(blocks);
  const greenWeight = 1 - redWeight - blueWeight;
  // libheif leaves grey as it is stored.
  const isLumaStored = fullRange || colours.monochrome;
  const lumaScale = isLumaStored ? 1 : 219 / 255;
  const lumaOffset = isLumaStored ? 0 : 16 - lumaScale / 2;
  for (let y = 0, pixel = 0; y < height; y++) {
    const firstBlock = Math.floor(y / down) * blocksAcross;
    for (let x = 0; x < width; x++, pixel++) {
      const red = data[3 * pixel] ?? 0;
      const green = data[3 * pixel + 1] ?? 0;
      const blue = data[3 * pixel + 2] ?? 0;
      const level = redWeight * red + greenWeight * green + blueWeight * blue;
      luma[pixel] = level * lumaScale + lumaOffset;
      const isClipped = red === 0 || green === 0 || blue === 0 || red === 255 || green === 255 || blue === 255;
      const weight = isClipped ? CLIPPED_WEIGHT : 1;
      const block = firstBlock + (x >> (across - 1));
      blueSums[block] = (blueSums[block] ?? 0) + weight * (blue - level);
      redSums[block] = (redSums[block] ?? 0) + weight * (red - level);
      weights[block] = (weights[block] ?? 0) + weight;
    }
  }
  const chromaScale = fullRange ? 0.5 : 112 / 255;
  const blueSamples = new Uint8ClampedArray(blocks);
  const redSamples = new Uint8ClampedArray(blocks);
  for (let block = 0; block < blocks; block++) {
    const scale = chromaScale / (weights[block] ?? 1);
    blueSamples[block] = 128 + ((blueSums[block] ?? 0) * scale) / (1 - blueWeight);
    redSamples[block] = 128 + ((redSums[block] ?? 0) * scale) / (1 - redWeight);
  }
  return { luma, blue: blueSamples, red: redSamples };
}

function toRgb({ luma, blue, red }: Planes, { width, height }: Size, colours: AvifColours): Uint8Array {
  const [across, down] = colours.subsampling;
  const columns = createNeighbours(width, across);
  const rows = createNeighbours(height, down);
  const blocksAcross = Math.ceil(width / across);
  const { lumaScale, lumaOffset, redByRed, greenByRed, greenByBlue, blueByBlue } = createFactors(colours);
  const rgb = new Uint8ClampedArray(3 * width * height);
  for (let y = 0, pixel = 0; y < height; y++) {
    const row = (rows[2 * y] ?? 0) * blocksAcross;
    const otherRow = (rows[2 * y + 1] ?? 0) * blocksAcross;
    for (let x = 0; x < width; x++, pixel++) {
      const column = columns[2 * x] ?? 0;
      const otherColumn = columns[2 * x + 1] ?? 0;
      const a = row + column;
      const b = row + otherColumn;
      const c = otherRow + column;
      const d = otherRow + otherColumn;
      const blueness = ((9 * (blue[a] ?? 0) + 3 * (blue[b] ?? 0) + 3 * (blue[c] ?? 0) + (blue[d] ?? 0) + 8) >> 4) - 128;
      const redness = ((9 * (red[a] ?? 0) + 3 * (red[b] ?? 0) + 3 * (red[c] ?? 0) + (red[d] ?? 0) + 8) >> 4) - 128;
      const level = (((luma[pixel] ?? 0) * lumaScale) >> 16) + lumaOffset;
      rgb[3 * pixel] = (level + redness * redByRed) >> 6;
      rgb[3 * pixel + 1] = (level - redness * greenByRed - blueness * greenByBlue) >> 6;
      rgb[3 * pixel + 2] = (level + blueness * blueByBlue) >> 6;
    }
  }
  return new Uint8Array(rgb.buffer);
}

/** Gives for each pixel of a line its own block and the nearest other one, whose weights are 3 and 1. */
function createNeighbours(pixels: number, blockLength: number): Uint32Array {
  const lastBlock = Math.ceil(pixels / blockLength) - 1;
  const neighbours = new Uint32Array(2 * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const own = Math.floor(pixel / blockLength);
    const other = blockLength === 1 ? own : own + (pixel % 2 === 0 ? -1 : 1);
    neighbours.set([own, Math.min(Math.max(other, 0), lastBlock)], 2 * pixel);
  }
  return neighbours;
}

/** Gives libyuv's factors, whole numbers with 6 bits of fraction; luma is first spread to 16 bits. */
function createFactors({ redWeight, blueWeight, fullRange }: AvifColours) {
  const greenWeight = 1 - redWeight - blueWeight;
  const chroma = (fullRange ? 1 : 255 / 224) * 64;
  const factor = (weight: number): number => Math.round(2 * (1 - weight) * chroma);
  const greenFactor = (weight: number): number => Math.round(((2 * weight * (1 - weight)) / greenWeight) * chroma);
  return {
    lumaScale: 257 * (fullRange ? 16_320 : 18_997),
    // Half of the last bit, and for the narrow range less its 16.
    lumaOffset: fullRange ? 32 : -1160,
    redByRed: factor(redWeight),
    greenByRed: greenFactor(redWeight),
    greenByBlue: greenFactor(blueWeight),
    // libyuv has no greater one, and so falls short of the standard's blue in the narrow range.
    blueByBlue: Math.min(factor(blueWeight), 128),
  };
}
