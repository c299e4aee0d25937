import { LRUCache } from 'lru-cache';

/**
 * Vectors of texts by model, dtype and text: least recently used, bounded in bytes. Vectors of an int8 variant with
 * one scale for its whole batch depend on the batch; from the cache they are those of the batch that came first.
 */
export class VectorCache {
  readonly #vectors: LRUCache<string, Float32Array> | undefined;
  #hits = 0;
  #misses = 0;

  constructor(maxBytes: number) {
    this.#vectors =
      maxBytes > 0
        ? new LRUCache({
            maxSize: maxBytes,
            sizeCalculation: (vector, key) => vector.byteLength + key.length * 2 + 100,
          })
        : undefined;
  }

  get status(): { entries: number; bytes: number; hits: number; misses: number } {
    const { size = 0, calculatedSize = 0 } = this.#vectors ?? {};
    return { entries: size, bytes: calculatedSize, hits: this.#hits, misses: this.#misses };
  }

  get(key: string): Float32Array | undefined {
    const vector = this.#vectors?.get(key);
    if (vector === undefined) {
      this.#misses++;
    } else {
      this.#hits++;
    }
    return vector;
  }

  set(key: string, vector: Float32Array): void {
    this.#vectors?.set(key, vector);
  }
}
