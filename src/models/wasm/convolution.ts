/**
 * The two passes of Pillow's resampling of 8-bit images in AssemblyScript, which compiles it to WebAssembly that handles
 * sixteen bytes at a time. The caller lays out the memory.
 *
 * A weight has 23 bits, more than the fastest multiplication takes: it comes as two numbers of 16 bits, and is
 * high × 65 536 + low. Two neighbouring taps make a pair of eight bytes: high, high, low, low. The last pair of an odd
 * number of taps ends with zeros. An axis is, for each output, its first source index and its number of pairs (32 bits
 * each). Sums are those of Pillow, bit for bit.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 */

const FRACTION_BITS: i32 = 22;
const PAIR_BYTES: usize = 8;

/** Joins the sums of both halves of the weights and rounds to whole numbers, not yet clipped to a byte. */
function round(high: v128, low: v128): v128 {
  const half = i32x4.splat(1 << (FRACTION_BITS - 1));
  return i32x4.shr_s(i32x4.add(i32x4.add(i32x4.shl(high, 16), low), half), FRACTION_BITS);
}

/**
 * Resizes rows of RGB pixels along their length, two rows at a time: of an odd number, the row after the last is read and
 * written too. Reads up to eight bytes beyond a row's last pixel, and writes one.
 */
export function resizeColumns(
  source: usize,
  sourceStride: usize,
  rows: i32,
  bounds: usize,
  weights: usize,
  outputs: i32,
  target: usize,
  targetStride: usize,
): void {
  // Of two pixels: red, red, green, green, blue, blue, 0, 0, each in 16 bits.
  const pairUp = i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  for (let row = 0; row < rows; row += 2) {
    let weight = weights;
    let bound = bounds;
    let to = target;
    for (let output = 0; output < outputs; output++) {
      let from = source + 3 * <usize>load<u32>(bound);
      const end = weight + PAIR_BYTES * <usize>load<u32>(bound, 4);
      let high0 = i32x4.splat(0);
      let high1 = i32x4.splat(0);
      let low0 = i32x4.splat(0);
      let low1 = i32x4.splat(0);
      while (weight < end) {
        const high = v128.load32_splat(weight);
        const low = v128.load32_splat(weight, 4);
        const pixels0 = i8x16.swizzle(v128.load64_zero(from), pairUp);
        const pixels1 = i8x16.swizzle(v128.load64_zero(from + sourceStride), pairUp);
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(pixels0, high));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(pixels1, high));
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(pixels0, low));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(pixels1, low));
        from += 6;
        weight += PAIR_BYTES;
      }
      const words = i16x8.narrow_i32x4_s(round(high0, low0), round(high1, low1));
      const bytes = i8x16.narrow_i16x8_u(words, words);
      v128.store32_lane(to, bytes, 0);
      v128.store32_lane(to + targetStride, bytes, 1);
      bound += 8;
      to += 3;
    }
    source += 2 * sourceStride;
    target += 2 * targetStride;
  }
}

/**
 * Resizes columns of bytes, `length` of them, a multiple of sixteen. Where an output has an odd number of taps, one row
 * more is read, and counts nothing.
 */
export function resizeRows(
  source: usize,
  sourceStride: usize,
  length: usize,
  bounds: usize,
  weights: usize,
  outputs: i32,
  target: usize,
  targetStride: usize,
): void {
  for (let output = 0; output < outputs; output++) {
    const start = source + sourceStride * <usize>load<u32>(bounds);
    const end = weights + PAIR_BYTES * <usize>load<u32>(bounds, 4);
    for (let column: usize = 0; column < length; column += 16) {
      let from = start + column;
      let high0 = i32x4.splat(0);
      let high1 = i32x4.splat(0);
      let high2 = i32x4.splat(0);
      let high3 = i32x4.splat(0);
      let low0 = i32x4.splat(0);
      let low1 = i32x4.splat(0);
      let low2 = i32x4.splat(0);
      let low3 = i32x4.splat(0);
      for (let weight = weights; weight < end; weight += PAIR_BYTES) {
        const high = v128.load32_splat(weight);
        const low = v128.load32_splat(weight, 4);
        const row0 = v128.load(from);
        const row1 = v128.load(from + sourceStride);
        const left = v128.shuffle<u8>(row0, row1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const right = v128.shuffle<u8>(row0, row1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const pairs0 = i16x8.extend_low_i8x16_u(left);
        const pairs1 = i16x8.extend_high_i8x16_u(left);
        const pairs2 = i16x8.extend_low_i8x16_u(right);
        const pairs3 = i16x8.extend_high_i8x16_u(right);
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(pairs0, high));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(pairs1, high));
        high2 = i32x4.add(high2, i32x4.dot_i16x8_s(pairs2, high));
        high3 = i32x4.add(high3, i32x4.dot_i16x8_s(pairs3, high));
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(pairs0, low));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(pairs1, low));
        low2 = i32x4.add(low2, i32x4.dot_i16x8_s(pairs2, low));
        low3 = i32x4.add(low3, i32x4.dot_i16x8_s(pairs3, low));
        from += 2 * sourceStride;
      }
      const left = i16x8.narrow_i32x4_s(round(high0, low0), round(high1, low1));
      const right = i16x8.narrow_i32x4_s(round(high2, low2), round(high3, low3));
      v128.store(target + column, i8x16.narrow_i16x8_u(left, right));
    }
    weights = end;
    bounds += 8;
    target += targetStride;
  }
}
