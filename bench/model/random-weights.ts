import { createRandom, drawNormal, type Random } from '../random.ts';

const tableSize = 65_536;

/**
 * Draws weights. Values come from a table of 65 536 normal numbers: 150 million of them are wanted in seconds, and
 * nothing depends on their tails.
 */
export class RandomWeights {
  readonly #random: Random;
  readonly #normals: Float32Array;

  constructor(seed: number) {
    this.#random = createRandom(seed);
    this.#normals = Float32Array.from({ length: tableSize }, () => drawNormal(this.#random));
  }

  /** `count` numbers around `mean`. */
  draw(count: number, deviation: number, mean = 0): Float32Array {
    const values = new Float32Array(count);
    for (let index = 0; index < count; index++) {
      values[index] = mean + deviation * (this.#normals[Math.floor(this.#random() * tableSize)] ?? 0);
    }
    return values;
  }
}
