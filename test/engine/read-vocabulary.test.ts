import { expect, test } from 'vitest';
import { readVocabulary } from '../../src/engine/read-vocabulary.ts';
import { openTestEngine } from './open-test-engine.ts';

test("reads ClickHouse's own names, not the functions of users", async () => {
  const engine = await openTestEngine();
  const vocabulary = await readVocabulary(engine);
  await engine.close();
  expect(vocabulary.functions).toContainEqual({ name: 'cosineDistance', caseInsensitive: false });
  expect(vocabulary.functions).toContainEqual({ name: 'lower', caseInsensitive: true });
  expect(vocabulary.functions.map(({ name }) => name)).not.toContain('script_pid');
  expect(vocabulary.formats).toEqual(expect.arrayContaining(['RowBinary', 'Native', 'TabSeparated', 'TSV']));
  expect(vocabulary.types).toContainEqual({ name: 'LowCardinality', caseInsensitive: false });
  expect(vocabulary.types).toContainEqual({ name: 'VARCHAR', caseInsensitive: true });
});
