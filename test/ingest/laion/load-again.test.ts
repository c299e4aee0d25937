import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { openTestEngine, read } from '../../engine/open-test-engine.ts';
import { copyPart, damage, ingest, makeFolder, recordedParts, stagingTables } from './laion-parts.ts';

let engine: Engine;
let folder: string;
let table: string;
let tables = 0;

beforeAll(async () => {
  engine = await openTestEngine();
});

beforeEach(async () => {
  folder = await makeFolder();
  await copyPart(0, folder);
  await copyPart(1, folder);
  table = `laion_${tables++}`;
  return async () => rm(folder, { recursive: true });
});

afterAll(async () => {
  await engine.close();
});

const load = async (from = folder): ReturnType<typeof ingest> => ingest(engine, { folder: from, table });
const counted = async (): Promise<string> =>
  read(
    engine,
    `SELECT intDiv(id, 100000000) AS part, count(), uniqExact(id) FROM ${table} GROUP BY part ORDER BY part`,
  );
const ledger = async (): Promise<string> =>
  read(engine, `SELECT part, state, rows, reason FROM ${table}_parts FINAL ORDER BY part`);
const both = '0\t60\t60\n1\t45\t45\n';
const bothLoaded = '0\tloaded\t60\t\n1\tloaded\t45\t\n';

test('a second run loads nothing and says what was loaded', async () => {
  expect((await load()).loaded).toHaveLength(2);
  const wasLoaded = [
    { part: 0, rows: 60 },
    { part: 1, rows: 45 },
  ];
  expect(await load()).toEqual({ loaded: [], wasLoaded, leftOut: [] });
  expect(await counted()).toBe(both);
});

test('the ledger names files, rows and bytes of each part, in SQL', async () => {
  await load();
  expect(await ledger()).toBe(bothLoaded);
  const of0 = `SELECT rows, bytes, image_file, text_file, metadata_file FROM ${table}_parts FINAL WHERE part = 0`;
  const files = ['img_emb_0.npy', 'text_emb_0.npy', 'metadata_0.parquet'].map((name) => join(folder, name));
  const bytes = 1088 + 1088 + (await stat(join(folder, 'metadata_0.parquet'))).size;
  expect(await read(engine, of0)).toBe(`60\t${bytes}\t${files.join('\t')}\n`);
});

test('parts that come later are loaded beside those that are there', async () => {
  await rm(join(folder, 'img_emb_1.npy'));
  expect((await load()).leftOut).toMatchObject([{ part: 1 }]);
  expect(await ledger()).toBe(
    '0\tloaded\t60\t\n1\tleft out\t0\tit has no img_emb_….npy beside metadata_1.parquet and text_emb_1.npy\n',
  );
  await copyPart(1, folder);
  await copyPart(0, folder, 2);
  const { loaded, wasLoaded } = await load();
  expect({ loaded: loaded.map(({ part }) => part), wasLoaded }).toEqual({
    loaded: [1, 2],
    wasLoaded: [{ part: 0, rows: 60 }],
  });
  expect(await counted()).toBe('0\t60\t60\n1\t45\t45\n2\t60\t60\n');
});

test('rows that the user has deleted do not come back, and the rest of their part is not loaded twice', async () => {
  await load();
  await engine.run(`DELETE FROM ${table} WHERE NSFW = 'NSFW'`);
  const left = await counted();
  expect((await load()).wasLoaded.map(({ rows }) => rows)).not.toEqual([60, 45]);
  expect(await counted()).toBe(left);
});

test('a table that was emptied or dropped is filled again', async () => {
  await load();
  await engine.run(`TRUNCATE TABLE ${table}`);
  await load();
  expect(await counted()).toBe(both);
  await engine.run(`DROP TABLE ${table} SYNC`);
  await load();
  expect(await counted()).toBe(both);
});

test('a loaded part whose files are gone or damaged stays known as loaded', async () => {
  await load();
  await rm(join(folder, 'metadata_0.parquet'));
  await damage(join(folder, 'img_emb_1.npy'), (bytes) => bytes.subarray(0, -1));
  expect((await load()).leftOut.map(({ part }) => part)).toEqual([0, 1]);
  expect(await ledger()).toBe(bothLoaded);
  await copyPart(0, folder);
  await copyPart(1, folder);
  expect((await load()).wasLoaded).toHaveLength(2);
  expect(await counted()).toBe(both);
});

test('other files with the number of a loaded part are left out, and named, not taken for it', async () => {
  await load();
  const other = await makeFolder();
  await copyPart(1, other, 0);
  const { leftOut, wasLoaded } = await load(other);
  await rm(other, { recursive: true });
  expect(wasLoaded).toEqual([]);
  expect(leftOut).toMatchObject([{ part: 0, reason: expect.stringContaining(`from other files`) }]);
  expect(leftOut[0]?.reason).toContain(join(folder, 'img_emb_0.npy'));
  expect(await counted()).toBe(both);
  expect(await ledger()).toBe(bothLoaded);
});

test('the same files in another folder are the same part', async () => {
  await load();
  expect(await load(recordedParts)).toMatchObject({ loaded: [], leftOut: [], wasLoaded: [{ part: 0 }, { part: 1 }] });
});

test.each([3, 45])(
  '%i rows that others put there with ids of a part are never touched, nor taken for it',
  async (rows) => {
    await load();
    await engine.run(`TRUNCATE TABLE ${table}; DROP TABLE ${table}_parts SYNC`);
    await engine.run(`INSERT INTO ${table} (id, caption) SELECT 100000000 + number, 'mine' FROM numbers(${rows})`);
    const { loaded, leftOut } = await load();
    expect(loaded).toMatchObject([{ part: 0 }]);
    const reason = `the table has ${rows} rows with its ids that this command did not load: load it into another table with --table, or delete those first (DELETE FROM \`${table}\` WHERE id >= 100000000 AND id < 200000000)`;
    expect(leftOut).toEqual([{ part: 1, reason }]);
    expect(await read(engine, `SELECT count() FROM ${table} WHERE caption = 'mine'`)).toBe(`${rows}\n`);
    // What the reason advises works.
    await engine.run(`DELETE FROM \`${table}\` WHERE id >= 100000000 AND id < 200000000`);
    await load();
    expect(await counted()).toBe(both);
  },
);

/** Puts the ledger and the tables into the state that a process killed while rows became the table's leaves. */
async function asKilled({ rowsThere }: { rowsThere: number }): Promise<void> {
  await load();
  const columns = 'part, state, rows, bytes, image_file, text_file, metadata_file';
  await engine.run(`INSERT INTO ${table}_parts (${columns})
    SELECT part, 'loading', rows, bytes, image_file, text_file, metadata_file FROM ${table}_parts FINAL WHERE part = 1`);
  const comment = `rows on their way into ${table}, of embedhouse ingest`;
  await engine.run(`CREATE TABLE ${table}_loading_1 AS ${table} COMMENT '${comment}'`);
  await engine.run(`ALTER TABLE ${table} DELETE WHERE id >= ${100_000_000 + rowsThere} SETTINGS mutations_sync = 2`);
}

test.each([0, 7, 44])(
  'a part of which %i rows are there since a killed load is loaded anew, once',
  async (rowsThere) => {
    await asKilled({ rowsThere });
    expect((await load()).loaded).toMatchObject([{ part: 1, rows: 45 }]);
    expect(await counted()).toBe(both);
    expect(await ledger()).toBe(bothLoaded);
    expect(await stagingTables(engine)).toEqual([]);
  },
);

test('a part that was there whole when its load was killed is loaded, and its own table dropped', async () => {
  await asKilled({ rowsThere: 45 });
  expect(await load()).toMatchObject({ loaded: [], wasLoaded: [{ part: 0 }, { part: 1, rows: 45 }] });
  expect(await counted()).toBe(both);
  expect(await ledger()).toBe(bothLoaded);
  expect(await stagingTables(engine)).toEqual([]);
});

test('half a part of a killed load goes also when its files are gone', async () => {
  await asKilled({ rowsThere: 20 });
  await rm(join(folder, 'text_emb_1.npy'));
  expect((await load()).leftOut).toMatchObject([{ part: 1 }]);
  expect(await counted()).toBe('0\t60\t60\n');
  expect(await stagingTables(engine)).toEqual([]);
});

test('what killed loads left of parts that are not wanted stays, as another process may be loading them', async () => {
  await asKilled({ rowsThere: 20 });
  await ingest(engine, { folder, table, isWanted: (part) => part === 0 });
  expect(await counted()).toBe('0\t60\t60\n1\t20\t20\n');
  expect(await stagingTables(engine)).toEqual([`${table}_loading_1`]);
  await load();
  expect(await counted()).toBe(both);
});

test("a user's table with the name that a part needs is not dropped, and named", async () => {
  await engine.run(`CREATE TABLE ${table}_loading_1 (a UInt8) ENGINE = MergeTree ORDER BY a`);
  await engine.run(`INSERT INTO ${table}_loading_1 VALUES (7)`);
  const message = `part 1 could not be loaded: there is a table '${table}_loading_1' that this command did not make`;
  await expect(load()).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) });
  expect(await read(engine, `SELECT * FROM ${table}_loading_1`)).toBe('7\n');
  expect(await counted()).toBe('0\t60\t60\n');
  await engine.run(`RENAME TABLE ${table}_loading_1 TO ${table}_mine`);
  await load();
  expect(await counted()).toBe(both);
});

test("a user's table with the ledger's name stops the load before it begins", async () => {
  await engine.run(`CREATE TABLE ${table}_parts (part UInt8) ENGINE = MergeTree ORDER BY part`);
  const message = `there is a table '${table}_parts' that this command did not make`;
  await expect(load()).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) });
  expect(await read(engine, `SELECT count() FROM ${table}`)).toBe('0\n');
});
