import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { cachedBytes, columnBytes, indexFileBytes, indexMemoryBytes } from '../../src/vector-index/index-size.ts';
import { quantizations } from '../../src/vector-index/vector-index.ts';
import { openTestEngine } from '../engine/open-test-engine.ts';
import { insertVectors } from './tables.ts';

describe("the example of ClickHouse's page, 1 million vectors of 1536 dimensions", () => {
  const rows = 1_000_000;
  const dimensions = 1536;

  it('takes 6.1 GB as a column of Float32', () => {
    expect(columnBytes({ rows, dimensions, elementBytes: 4 })).toBe(6_144_000_000);
  });

  it('takes 3 584 MB of memory with bf16 and 64 connections', () => {
    expect(indexMemoryBytes({ rows, dimensions, quantization: 'bf16', m: 64 })).toBe(3_584_000_000);
  });
});

describe('an index that ClickHouse built', () => {
  const rows = 4000;
  const dimensions = 64;
  let engine: Engine;

  beforeAll(async () => {
    engine = await openTestEngine();
    await engine.run('CREATE TABLE t (id Int64, v Array(Float32)) ENGINE = MergeTree ORDER BY id');
    await insertVectors(engine, 't', { rows, dimensions });
  });
  afterAll(async () => engine?.close());

  it.each(quantizations.flatMap((quantization) => [16, 32].map((m) => ({ quantization, m }))))(
    'has the size that is predicted for $quantization with m = $m, in its file and in the cache',
    async ({ quantization, m }) => {
      await engine.run(`
        ALTER TABLE t ADD INDEX i v TYPE vector_similarity('hnsw', 'cosineDistance', ${dimensions}, '${quantization}', ${m}, 32);
        ALTER TABLE t MATERIALIZE INDEX i SETTINGS mutations_sync = 2;
        WITH (SELECT v FROM t WHERE id = 7) AS target SELECT id FROM t ORDER BY cosineDistance(v, target) LIMIT 1 FORMAT Null`);
      const [file] = await engine.rows<{ bytes: number }>(
        'SELECT data_uncompressed_bytes AS bytes FROM system.data_skipping_indices',
      );
      const [cache] = await engine.rows<{ bytes: number }>(
        "SELECT value AS bytes FROM system.metrics WHERE metric = 'VectorSimilarityIndexCacheBytes'",
      );
      await engine.run('ALTER TABLE t DROP INDEX i; SYSTEM DROP VECTOR SIMILARITY INDEX CACHE');
      const predicted = indexFileBytes({ rows, dimensions, quantization, m });
      expect(Math.abs(predicted / (file?.bytes ?? 0) - 1)).toBeLessThan(0.01);
      expect(Math.abs(cachedBytes({ rows, dimensions, quantization, m }) - (cache?.bytes ?? 0))).toBeLessThan(2000);
    },
  );
});
