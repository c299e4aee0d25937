import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { openTestEngine } from './open-test-engine.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await openTestEngine();
  await engine.run(`
    CREATE TABLE t (n UInt8, s String) ENGINE = MergeTree ORDER BY n;
    INSERT INTO t VALUES (1, 'bad');
    CREATE TABLE v (v Array(Float32), INDEX i v TYPE vector_similarity('hnsw', 'L2Distance', 2)) ENGINE = MergeTree ORDER BY tuple()`);
});

afterAll(async () => engine.close());

test('a failed mutation is told without a stack of addresses', async () => {
  const update = engine.run('ALTER TABLE t UPDATE s = toString(throwIf(n = 1)) WHERE 1 SETTINGS mutations_sync = 1');
  await expect(update).rejects.toMatchObject({
    clickhouseCode: 341,
    message: expect.stringMatching(
      /^Exception happened during execution of mutation [^\n]*throwIf[^\n]*can be killed with KILL MUTATION query\. \(code 341, UNFINISHED\)$/,
    ),
  });
  await engine.run("KILL MUTATION WHERE table = 't' FORMAT Null");
});

test('a mutation whose function failed is told why', async () => {
  const update = engine.run('ALTER TABLE t UPDATE s = raises(s) WHERE 1 SETTINGS mutations_sync = 1');
  await expect(update).rejects.toMatchObject({
    clickhouseCode: 341,
    message: expect.stringMatching(
      /reason: function 'raises' failed: its script ended with exit code 1: .*Error: cannot handle 'bad'.*\(script 'raises\.mjs'\)\. This error maybe/s,
    ),
  });
  await engine.run("KILL MUTATION WHERE table = 't' FORMAT Null");
});

test('advice on vectors follows on ClickHouse’s sentence as part of it', async () => {
  await expect(engine.run('INSERT INTO v VALUES ([1, 2, 3])')).rejects.toMatchObject({
    message: expect.stringContaining('have 3 elements, expects 2 elements; vectors must be as long as'),
  });
});
