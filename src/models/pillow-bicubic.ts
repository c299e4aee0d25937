/** An image in memory: rows of pixels, each pixel three bytes. */
export interface RgbPixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

interface Axis {
  /** First source index of each output index. */
  readonly starts: Int32Array;
  /** Number of source indexes that count for each output index. */
  readonly counts: Int32Array;
  /** Weights as fixed-point numbers, `taps` of them for each output index. */
  readonly weights: Int32Array;
  readonly taps: number;
}

// Pillow keeps 8 bits for the pixel and 2 for overshoot of a 32-bit sum; the rest is the weights' fraction.
const FRACTION_BITS = 22;
const HALF = 1 << (FRACTION_BITS - 1);
const BICUBIC_SUPPORT = 2;

/**
 * Resizes an image so that its shorter side is `shortSide` and cuts the centre square of `size` out, giving size × size
 * × RGB bytes equal to those of OpenAI's CLIP preprocessing with Pillow (torchvision's Resize with BICUBIC, then
 * CenterCrop). Only the columns and rows of the crop are computed.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 */
export function resizeAndCrop(source: RgbPixels, { shortSide, size }: { shortSide: number; size: number }): Uint8Array {
  const { width, height } = source;
  const short = Math.min(width, height);
  const scaled = (side: number): number => (side === short ? shortSide : Math.trunc((shortSide * side) / short));
  const columns = planAxis(width, scaled(width), size);
  const rows = planAxis(height, scaled(height), size);
  return resizeRows(resizeColumns(source, columns, rows), rows);
}

function planAxis(sourceLength: number, targetLength: number, size: number): Axis {
  const offset = roundHalfToEven((targetLength - size) / 2);
  const scale = sourceLength / targetLength;
  const filterScale = Math.max(scale, 1);
  const support = BICUBIC_SUPPORT * filterScale;
  const taps = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(size);
  const counts = new Int32Array(size);
  const weights = new Int32Array(size * taps);
  const exact = new Float64Array(taps);
  for (let index = 0; index < size; index++) {
    const center = (offset + index + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), sourceLength) - start;
    let total = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = bicubic((tap + start - center + 0.5) * (1 / filterScale));
      exact[tap] = weight;
      total += weight;
    }
    for (let tap = 0; tap < count; tap++) {
      const weight = ((exact[tap] ?? 0) / total) * (1 << FRACTION_BITS);
      weights[index * taps + tap] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    starts[index] = start;
    counts[index] = count;
  }
  return { starts, counts, weights, taps };
}

/** Weighs a distance in source pixels with the cubic convolution of a = -0.5. */
function bicubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

interface Band {
  readonly data: Uint8ClampedArray;
  /** The source row that the band begins with. */
  readonly firstRow: number;
  /** Bytes of a row. */
  readonly stride: number;
}

// In the loops below typed arrays are read at indexes that the plan keeps in range: `?? 0` never applies.

function resizeColumns({ data, width }: RgbPixels, columns: Axis, rows: Axis): Band {
  const size = columns.starts.length;
  const firstRow = rows.starts[0] ?? 0;
  const lastRow = (rows.starts[size - 1] ?? 0) + (rows.counts[size - 1] ?? 0);
  const stride = size * 3;
  const band = new Uint8ClampedArray((lastRow - firstRow) * stride);
  for (let row = firstRow, to = 0; row < lastRow; row++, to += stride) {
    convolveRow(data, row * width * 3, columns, band, to);
  }
  return { data: band, firstRow, stride };
}

function convolveRow(data: Uint8Array, rowStart: number, axis: Axis, band: Uint8ClampedArray, to: number): void {
  const { starts, counts, weights, taps } = axis;
  for (let column = 0; column < starts.length; column++) {
    let from = rowStart + 3 * (starts[column] ?? 0);
    const firstWeight = column * taps;
    const lastWeight = firstWeight + (counts[column] ?? 0);
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    for (let at = firstWeight; at < lastWeight; at++, from += 3) {
      const weight = weights[at] ?? 0;
      red = (red + Math.imul(data[from] ?? 0, weight)) | 0;
      green = (green + Math.imul(data[from + 1] ?? 0, weight)) | 0;
      blue = (blue + Math.imul(data[from + 2] ?? 0, weight)) | 0;
    }
    const target = to + 3 * column;
    band[target] = red >> FRACTION_BITS;
    band[target + 1] = green >> FRACTION_BITS;
    band[target + 2] = blue >> FRACTION_BITS;
  }
}

/**
 * Computes four bytes at a time, twice as fast as one; a row whose length is no multiple of four runs over into the next,
 * which is computed later.
 */
function resizeRows({ data, firstRow, stride }: Band, { starts, counts, weights, taps }: Axis): Uint8Array {
  const target = new Uint8ClampedArray(starts.length * stride);
  for (let row = 0; row < starts.length; row++) {
    const start = ((starts[row] ?? 0) - firstRow) * stride;
    const firstWeight = row * taps;
    const lastWeight = firstWeight + (counts[row] ?? 0);
    for (let column = 0; column < stride; column += 4) {
      let sum0 = HALF;
      let sum1 = HALF;
      let sum2 = HALF;
      let sum3 = HALF;
      for (let at = firstWeight, from = start + column; at < lastWeight; at++, from += stride) {
        const weight = weights[at] ?? 0;
        sum0 = (sum0 + Math.imul(data[from] ?? 0, weight)) | 0;
        sum1 = (sum1 + Math.imul(data[from + 1] ?? 0, weight)) | 0;
        sum2 = (sum2 + Math.imul(data[from + 2] ?? 0, weight)) | 0;
        sum3 = (sum3 + Math.imul(data[from + 3] ?? 0, weight)) | 0;
      }
      const to = row * stride + column;
      target[to] = sum0 >> FRACTION_BITS;
      target[to + 1] = sum1 >> FRACTION_BITS;
      target[to + 2] = sum2 >> FRACTION_BITS;
      target[to + 3] = sum3 >> FRACTION_BITS;
    }
  }
  return new Uint8Array(target.buffer);
}
