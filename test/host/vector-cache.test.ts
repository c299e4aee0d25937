import { describe, expect, test } from 'vitest';

import { VectorCache } from '../../src/host/vector-cache.ts';

describe('the cache', () => {
  test('answers the vector that was kept, and counts hits and misses', () => {
    const cache = new VectorCache(10_000);
    const vector = Float32Array.of(1, 2);
    expect(cache.get('a dog')).toBeUndefined();
    cache.set('a dog', vector);
    expect(cache.get('a dog')).toBe(vector);
    expect(cache.status).toMatchObject({ entries: 1, hits: 1, misses: 1 });
  });

  test('forgets the vectors used longest ago and stays within its bytes', () => {
    const cache = new VectorCache(10_000);
    for (let index = 0; index < 100; index++) {
      cache.set(`text ${index}`, new Float32Array(200));
      cache.get('text 0');
    }
    expect(cache.status.bytes).toBeLessThanOrEqual(10_000);
    expect(cache.status.bytes).toBeGreaterThan(800 * cache.status.entries);
    expect(cache.get('text 0')).toBeDefined();
    expect(cache.get('text 99')).toBeDefined();
    expect(cache.get('text 50')).toBeUndefined();
  });

  test('keeps nothing when it has no bytes', () => {
    const cache = new VectorCache(0);
    cache.set('a dog', Float32Array.of(1));
    expect(cache.get('a dog')).toBeUndefined();
    expect(cache.status).toEqual({ entries: 0, bytes: 0, hits: 0, misses: 1 });
  });

  test('does not keep a vector that is larger than itself', () => {
    const cache = new VectorCache(1_000);
    cache.set('a dog', new Float32Array(1_000));
    expect(cache.status.entries).toBe(0);
  });
});
