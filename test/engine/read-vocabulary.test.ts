import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { readVocabulary } from '../../src/engine/read-vocabulary.ts';
import { openTestEngine } from './open-test-engine.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await openTestEngine();
});

afterAll(async () => {
  await engine.close();
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
