import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { readVocabulary } from '../../src/engine/read-vocabulary.ts';
import { openTestEngine } from './open-test-engine.ts';

let engine: Engine;
let folder: string;

beforeAll(async () => {
  engine = await openTestEngine();
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-test-'));
});

afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

test("reads ClickHouse's own names, not the functions of users", async () => {
  const vocabulary = await readVocabulary(engine);
  expect(vocabulary.functions).toContainEqual({ name: 'cosineDistance', caseInsensitive: false });
  expect(vocabulary.functions).toContainEqual({ name: 'lower', caseInsensitive: true });
  expect(vocabulary.functions.map(({ name }) => name)).not.toContain('script_pid');
  expect(vocabulary.formats).toEqual(expect.arrayContaining(['RowBinary', 'Native', 'TabSeparated', 'TSV']));
  expect(vocabulary.types).toContainEqual({ name: 'LowCardinality', caseInsensitive: false });
  expect(vocabulary.types).toContainEqual({ name: 'VARCHAR', caseInsensitive: true });
});

test('answers the same from its cache, and without asking', async () => {
  const cacheFolder = join(folder, 'cache');
  const asked = await readVocabulary(engine, { cacheFolder });
  const closed = { version: engine.version } as Engine;
  expect(await readVocabulary(closed, { cacheFolder })).toEqual(asked);
});

test('answers though the cache cannot be written', async () => {
  const vocabulary = await readVocabulary(engine, { cacheFolder: '/dev/null/cache' });
  expect(vocabulary.functions.length).toBeGreaterThan(1000);
});
