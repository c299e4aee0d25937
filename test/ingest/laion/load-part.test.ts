import { rm } from 'node:fs/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { checkPart } from '../../../src/ingest/laion/check-part.ts';
import { findParts } from '../../../src/ingest/laion/find-parts.ts';
import type { CheckedPart } from '../../../src/ingest/laion/laion-part.ts';
import { prepareLaionTable } from '../../../src/ingest/laion/laion-table.ts';
import { loadPart } from '../../../src/ingest/laion/load-part.ts';
import { openTestEngine, read } from '../../engine/open-test-engine.ts';
import { recordedParts, stagingTables } from './laion-parts.ts';

let engine: Engine;
let part: CheckedPart;
const { signal } = new AbortController();

beforeAll(async () => {
  engine = await openTestEngine();
  const { parts } = await findParts(recordedParts, (number) => number === 1);
  const [found] = parts;
  if (found === undefined) throw new Error('the recorded part is gone');
  part = await checkPart(found, found, engine);
});

afterAll(async () => {
  await engine.close();
});

async function load(name: string, beforeAttach: () => Promise<void>): Promise<void> {
  const table = { database: undefined, name };
  const prepared = await prepareLaionTable(engine, [part], { table, partitionBy: 'id % 3' });
  await loadPart(part, { reader: engine, target: engine, table: prepared, signal, onRows: () => {}, beforeAttach });
}

const counted = async (table: string): Promise<string> => read(engine, `SELECT count(), uniqExact(id) FROM ${table}`);

test('the table has nothing of a part until all its rows are read, and then all', async () => {
  await load('whole', async () => {
    expect(await counted('whole')).toBe('0\t0\n');
    expect(await counted('whole_loading_1')).toBe('45\t45\n');
  });
  expect(await counted('whole')).toBe('45\t45\n');
});

test('when one of its partitions cannot be put into the table, those before it do not stay there', async () => {
  const loading = load('partly', async () => {
    // The files of the last partition vanish.
    const last =
      "SELECT argMax(path, partition_id) AS path FROM system.parts WHERE active AND table = 'partly_loading_1'";
    const [{ path } = { path: '' }] = await engine.rows<{ path: string }>(last);
    expect(path).toMatch(/\/2_\d+_\d+_0\/$/);
    await rm(path, { recursive: true });
  });
  await expect(loading).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: expect.stringMatching(/could not be written whole/),
  });
  expect(await counted('partly')).toBe('0\t0\n');
  // Of the others, what was there is seen in its empty or outdated parts.
  expect(await read(engine, "SELECT count() > 0 FROM system.parts WHERE table = 'partly'")).toBe('1\n');
  expect(await stagingTables(engine)).toEqual([]);
});

test('a table that is changed while its part is read does not take it', async () => {
  const changed = load('changed', async () => engine.run('ALTER TABLE changed ADD COLUMN more UInt8'));
  await expect(changed).rejects.toMatchObject({ code: 'QUERY_FAILED', message: expect.stringMatching(/structure/) });
  expect(await counted('changed')).toBe('0\t0\n');
  expect(await stagingTables(engine)).toEqual([]);
});
