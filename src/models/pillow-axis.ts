import { LRUCache } from 'lru-cache';
import type { ImageSpec } from './image-spec.ts';

/** How one axis of an image is resized to the crop: which source indexes each output index sums up, and how weighted. */
export interface PillowAxis {
  /** First source index that counts for the crop. */
  readonly start: number;
  /** Number of source indexes that count for the crop. */
  readonly length: number;
  /** For each output index: its first source index, from `start` on, and its number of pairs of taps. */
  readonly bounds: Uint32Array;
  /** For each pair of taps: the high halves of both weights, then the low halves; weight = high × 65 536 + low. */
  readonly weights: Int16Array;
}

// Pillow keeps 8 bits for the pixel and 2 for overshoot of a 32-bit sum; the rest is the weights' fraction.
const FRACTION_BITS = 22;

/** Pillow's filters: each weighs a distance in source pixels, up to its support. */
const filters = {
  bilinear: { support: 1, weigh: (distance: number) => Math.max(0, 1 - Math.abs(distance)) },
  bicubic: { support: 2, weigh: bicubic },
} as const;

type AxisSpec = Pick<ImageSpec, 'filter' | 'size' | 'cropStart'>;

// The images of a data set tend to have few different sizes.
const axes = new LRUCache<string, PillowAxis>({ max: 64 });

/**
 * Gives the weights that resize `sourceLength` pixels to `targetLength` as Pillow's filter does, for the `size` pixels in
 * the middle alone.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 */
export function getPillowAxis(sourceLength: number, targetLength: number, spec: AxisSpec): PillowAxis {
  const key = `${sourceLength}:${targetLength}:${spec.size}:${spec.filter}:${spec.cropStart}`;
  const known = axes.get(key);
  if (known) return known;
  const axis = createAxis(sourceLength, targetLength, spec);
  axes.set(key, axis);
  return axis;
}

function createAxis(sourceLength: number, targetLength: number, { filter, size, cropStart }: AxisSpec): PillowAxis {
  const margin = (targetLength - size) / 2;
  const offset = cropStart === 'floor' ? Math.floor(margin) : roundHalfToEven(margin);
  const { support: filterSupport, weigh } = filters[filter];
  const scale = sourceLength / targetLength;
  const filterScale = Math.max(scale, 1);
  const support = filterSupport * filterScale;
  const bounds = new Uint32Array(2 * size);
  const weights: number[] = [];
  let first = 0;
  let end = 0;
  for (let index = 0; index < size; index++) {
    const center = (offset + index + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    end = Math.min(Math.trunc(center + support + 0.5), sourceLength);
    if (index === 0) first = start;
    const exact = Array.from({ length: end - start }, (_, tap) =>
      weigh((tap + start - center + 0.5) * (1 / filterScale)),
    );
    let total = 0;
    for (const weight of exact) total += weight;
    const fixed = exact.map((weight) => toFixedPoint(weight / total));
    for (let tap = 0; tap < fixed.length; tap += 2) weights.push(...splitPair(fixed[tap] ?? 0, fixed[tap + 1] ?? 0));
    bounds[2 * index] = start - first;
    bounds[2 * index + 1] = Math.ceil(fixed.length / 2);
  }
  return { start: first, length: end - first, bounds, weights: Int16Array.from(weights) };
}

/** Weighs a distance in source pixels with the cubic convolution of a = -0.5. */
function bicubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

function toFixedPoint(weight: number): number {
  const scaled = weight * (1 << FRACTION_BITS);
  return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

function splitPair(first: number, second: number): [number, number, number, number] {
  const highOf = (weight: number): number => (weight + 0x8000) >> 16;
  const lowOf = (weight: number): number => weight - (highOf(weight) << 16);
  return [highOf(first), highOf(second), lowOf(first), lowOf(second)];
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
