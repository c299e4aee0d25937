import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { findColumn, findTable } from '../../src/vector-index/find-table.ts';
import { readVectorIndexes } from '../../src/vector-index/vector-index.ts';
import { openTestEngine } from '../engine/open-test-engine.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await openTestEngine();
  await engine.run(`
    CREATE TABLE plain (id Int64, v Array(Float32), INDEX short v TYPE vector_similarity('hnsw', 'cosineDistance', 16))
        ENGINE = MergeTree ORDER BY id;
    CREATE DATABASE other;
    CREATE TABLE other.\`od\\\`d ta.ble\` (
        \`ve c\` Array(Float64),
        \`b\\\`t\` Array(BFloat16),
        INDEX full \`ve c\` TYPE vector_similarity('hnsw', 'L2Distance', 8, 'i8', 16, 64) GRANULARITY 4,
        INDEX zeros (\`b\\\`t\`) TYPE vector_similarity('hnsw', 'dotProduct', 8, 'f32', 0, 0),
        INDEX computed arraySort(\`ve c\`) TYPE vector_similarity('hnsw', 'L2Distance', 8),
        INDEX unrelated \`ve c\` TYPE minmax
    ) ENGINE = MergeTree ORDER BY tuple();
  `);
});

afterAll(async () => engine?.close());

describe('readVectorIndexes', () => {
  it('reads what a definition says and fills in what it leaves out', async () => {
    const index = {
      database: 'other',
      table: 'od`d ta.ble',
      column: 've c',
      distance: 'L2Distance',
      dimensions: 8,
      quantization: 'bf16',
      m: 32,
      efConstruction: 128,
      granularity: 100_000_000,
    };
    expect(await readVectorIndexes(engine)).toEqual([
      {
        ...index,
        database: 'default',
        table: 'plain',
        name: 'short',
        column: 'v',
        distance: 'cosineDistance',
        dimensions: 16,
      },
      { ...index, name: 'computed', column: 'arraySort(`ve c`)' },
      { ...index, name: 'full', quantization: 'i8', m: 16, efConstruction: 64, granularity: 4 },
      { ...index, name: 'zeros', column: 'b`t', distance: 'dotProduct', quantization: 'f32', m: 16 },
    ]);
  });

  it('reads those of one table and column', async () => {
    const table = await findTable(engine, 'other.od`d ta.ble');
    const indexes = await readVectorIndexes(engine, { table, column: 've c' });
    expect(indexes.map(({ name }) => name)).toEqual(['full']);
  });
});

describe('findTable', () => {
  it.each(['plain', 'default.plain', '`default`.`plain`'])('finds %s', async (name) => {
    expect(await findTable(engine, name)).toEqual({
      database: 'default',
      table: 'plain',
      tableEngine: 'MergeTree',
      sql: '`default`.`plain`',
    });
  });

  it('writes odd names so that SQL takes them', async () => {
    const table = await findTable(engine, 'other.od`d ta.ble');
    for (const name of ['ve c', 'b`t']) {
      const column = await findColumn(engine, table, name);
      expect(await engine.rows(`SELECT ${column.sql} FROM ${table.sql}`)).toEqual([]);
    }
  });

  it('takes names as SQL writes them, with a backtick inside either way', async () => {
    const expected = { database: 'other', table: 'od`d ta.ble' };
    for (const written of ['other.`od``d ta.ble`', '`other`.`od\\`d ta.ble`']) {
      expect(await findTable(engine, written)).toMatchObject(expected);
    }
    const table = await findTable(engine, 'other.`od``d ta.ble`');
    expect(await findColumn(engine, table, '`b``t`')).toMatchObject({ name: 'b`t' });
  });

  it('names the nearest name for one that there is not', async () => {
    await expect(findTable(engine, 'plane')).rejects.toThrow("there is no table 'plane': did you mean 'plain'?");
    const table = await findTable(engine, 'plain');
    await expect(findColumn(engine, table, 'w')).rejects.toThrow("table 'plain' has no column 'w': did you mean 'v'?");
    await expect(findColumn(engine, table, 'embedding')).rejects.toMatchObject({ code: 'USAGE' });
  });
});
