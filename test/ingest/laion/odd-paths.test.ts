import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { openTestEngine, read } from '../../engine/open-test-engine.ts';
import { copyPart, ingest, makeFolder } from './laion-parts.ts';

let engine: Engine;
let folder: string;
let tables = 0;

beforeAll(async () => {
  engine = await openTestEngine();
  folder = await makeFolder();
});

afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

test.each([
  'two words',
  "it's",
  '"quoted"',
  'back\\slash',
  '*',
  'what?',
  '{0..9}',
  '{a,b}',
  '[0-9]',
  'a.zip :: b',
  'line\nbreak',
  'größe 🐶',
  '%20',
  '--',
  ';',
  '$HOME',
  'file:',
  '#1',
])('loads from a folder named %j, of which the ledger knows', async (name) => {
  const odd = join(folder, name);
  await copyPart(0, odd);
  await copyPart(1, odd);
  await truncate(join(odd, 'img_emb_1.npy'), 700);
  const table = `odd_${tables++}`;
  const { loaded, leftOut } = await ingest(engine, { folder: odd, table });
  expect(loaded).toMatchObject([{ part: 0, rows: 60 }]);
  const named = join(odd, 'img_emb_1.npy').replaceAll('\n', ' ');
  expect(leftOut).toMatchObject([{ part: 1, reason: expect.stringContaining(`${named} is cut off`) }]);
  expect(await read(engine, `SELECT count(), uniqExact(id) FROM ${table}`)).toBe('60\t60\n');
  const [known] = await engine.rows<{ file: string }>(
    `SELECT image_file AS file FROM ${table}_parts FINAL WHERE part = 0`,
  );
  expect(known?.file).toBe(join(odd, 'img_emb_0.npy'));
});

test('does not take for a pattern what is a name: files that it would match are not read', async () => {
  await copyPart(0, join(folder, 'part*'));
  await copyPart(1, join(folder, 'part-b'), 0);
  await ingest(engine, { folder: join(folder, 'part*'), table: 'star' });
  expect(await read(engine, 'SELECT count() FROM star')).toBe('60\n');
});
