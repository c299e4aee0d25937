/** A stream of numbers in [0, 1), the same for the same seed. */
export type Random = () => number;

/** Makes the generator mulberry32 (Tommy Ettinger, public domain): 32 bits of state, quick, good enough for data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One number of the standard normal distribution (Box and Muller's method). */
export function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** One entry of a list that is not empty. */
export function drawEntry<T>(random: Random, entries: readonly T[]): T {
  const entry = entries[Math.floor(random() * entries.length)];
  if (entry === undefined) throw new Error('nothing to draw from: the list is empty');
  return entry;
}
