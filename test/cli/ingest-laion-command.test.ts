import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { copyPart, recordedParts } from '../ingest/laion/laion-parts.ts';
import { makeSandbox, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let dataPath: string;

beforeAll(async () => {
  sandbox = await makeSandbox();
  dataPath = join(sandbox.path, 'data');
});

afterAll(async () => {
  await sandbox.remove();
});

const ingest = async (...args: string[]): ReturnType<Sandbox['run']> =>
  sandbox.run(['ingest', 'laion', ...args], { env: { EMBEDHOUSE_DATA: dataPath } });
const query = async (sql: string): Promise<string> => sandbox.query(sql, { env: { EMBEDHOUSE_DATA: dataPath } });

test('prints a line for each part and a summary on stderr, nothing on stdout', async () => {
  const first = await ingest(recordedParts, '--table', 'lines');
  const rate = String.raw`in \d+\.\d s \([\d,]+ rows/s, [\d.]+ k?B/s\)`;
  expect(first.stderr).toMatch(
    new RegExp(`^part 0: 60 rows ${rate}\npart 1: 45 rows ${rate}\nlines: 105 rows of 2 parts\n$`),
  );
  expect(first).toMatchObject({ exitCode: 0, stdout: '' });

  expect(await ingest(recordedParts, '--table', 'lines', '--parts', '1')).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'part 1 was loaded before: 45 rows\nlines: 0 rows of 0 parts; 1 part loaded before\n',
  });
});

test('--json prints what was done as one line of JSON, in which left out parts have their reasons', async () => {
  const folder = join(sandbox.path, 'json');
  await copyPart(0, folder);
  await copyPart(1, folder);
  await rm(join(folder, 'metadata_0.parquet'));
  const { exitCode, stdout, stderr } = await ingest(folder, '--table', 'json', '--json');
  expect(JSON.parse(stdout)).toEqual({
    loaded: [{ part: 1, rows: 45, seconds: expect.any(Number) }],
    wasLoaded: [],
    leftOut: [{ part: 0, reason: 'it has no metadata_….parquet beside img_emb_0.npy and text_emb_0.npy' }],
  });
  expect(stdout).toMatch(/^[^\n]*\n$/);
  expect(stderr).toMatch(/^part 0 is left out: it has no metadata_….parquet .*\npart 1: 45 rows in [^\n]*\n$/);
  expect(exitCode).toBe(1);
});

test('a part that is left out makes the exit code 1, and is in the summary', async () => {
  const folder = join(sandbox.path, 'left');
  await copyPart(1, folder, 3);
  await copyPart(1, folder, 7);
  await copyPart(1, folder, 12);
  await rm(join(folder, 'text_emb_12.npy'));
  await rm(join(folder, 'text_emb_3.npy'));
  const { exitCode, stderr } = await ingest(folder, '--table', 'left_out');
  expect(stderr.split('\n').slice(-2)).toEqual(['left_out: 45 rows of 1 part; 2 parts left out: 3, 12', '']);
  expect(exitCode).toBe(1);
});

test('rows that were deleted since are counted', async () => {
  await ingest(recordedParts, '--table', 'deleted', '--parts', '0');
  await query('DELETE FROM deleted WHERE id < 7');
  const { stderr } = await ingest(recordedParts, '--table', 'deleted', '--parts', '0');
  expect(stderr).toContain('part 0 was loaded before: 60 rows, of which 7 were deleted since\n');
});

test('the flags of a new table reach it', async () => {
  const engine = ['--engine', 'ReplacingMergeTree(similarity)', '--partition-by', 'NSFW'];
  const { exitCode } = await ingest(recordedParts, '--table', 'flags', '--vector-type', 'BFloat16', ...engine);
  expect(exitCode).toBe(0);
  const table = await query('SHOW CREATE TABLE flags FORMAT TSVRaw; SELECT count() FROM flags');
  expect(table).toContain('ENGINE = ReplacingMergeTree(similarity)\nPARTITION BY NSFW\nORDER BY id\n');
  expect(table).toContain('`text_embedding` Array(BFloat16) CODEC(NONE)');
  expect(table.endsWith('\n105\n')).toBe(true);
});

test.each<[string, () => string[], number, RegExp]>([
  [
    'a folder that is not there',
    () => ['/nowhere/laion'],
    1,
    /^embedhouse: the folder \/nowhere\/laion cannot be read \(ENOENT[^\n]*\)\n$/,
  ],
  [
    'a folder without parts',
    () => [join(recordedParts, '..', 'csv')],
    1,
    /^embedhouse: no such part is in [^\n]*: expected img_emb_0\.npy, [^\n]*\n$/,
  ],
  ['parts that are not there', () => [recordedParts, '--parts', '5-9'], 1, /^embedhouse: no such part is in /],
  ['what are no parts', () => [recordedParts, '--parts', '3-1'], 2, /expected numbers and ranges, such as 0-9,12/],
  ['no folder', () => [], 2, /missing required argument 'dir'/],
  [
    'a table name of three parts',
    () => [recordedParts, '--table', 'a.b.c'],
    2,
    /^embedhouse: 'a\.b\.c' is no table's name: expected table or database\.table\n$/,
  ],
  ['an empty table name', () => [recordedParts, '--table', ''], 2, /^embedhouse: '' is no table's name/],
  [
    'a database that is not there',
    () => [recordedParts, '--table', 'no_such.t'],
    1,
    /^embedhouse: [^\n]*no_such[^\n]*\n$/,
  ],
  [
    'an unknown vector type',
    () => [recordedParts, '--vector-type', 'Float16'],
    2,
    /Allowed choices are Float32, BFloat16/,
  ],
  [
    'an engine that has no parts',
    () => [recordedParts, '--table', 'memory', '--engine', 'Memory'],
    1,
    /^embedhouse: [^\n]*Memory[^\n]*\n$/,
  ],
  [
    'a partition by what is no column',
    () => [recordedParts, '--table', 'parted', '--partition-by', 'language'],
    1,
    /^embedhouse: [^]*language/,
  ],
])('%s is an error with one line and its exit code', async (_, args, code, message) => {
  const { exitCode, stdout, stderr } = await ingest(...args());
  expect(stderr).toMatch(message);
  expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
});

test('--help teaches: what a part is, the ids, how to see what was loaded, examples', async () => {
  const { exitCode, stdout } = await ingest('--help');
  for (const line of [
    'img_emb_N.npy',
    'loaded whole or not at all',
    'p * 100 000 000 + n',
    'laion_parts FINAL',
    '--parts 0-9',
  ]) {
    expect(stdout).toContain(line);
  }
  expect(exitCode).toBe(0);
  expect((await sandbox.run(['ingest', '--help'])).stdout).toContain('laion [options] <dir>');
});

test('a data folder that another process has open is named, and nothing is loaded', async () => {
  const other = sandbox.start([
    '--data',
    dataPath,
    'query',
    "SELECT 'open'; SELECT sleepEachRow(1) FROM numbers(600) SETTINGS max_block_size = 1 FORMAT Null",
  ]);
  await once(other.stdout, 'data');
  const { exitCode, stderr } = await ingest(recordedParts);
  process.kill(other.pid, 'SIGINT');
  await other.ended;
  expect(stderr).toMatch(/^embedhouse: the data folder [^\n]* is in use by process \d+ [^\n]*\n$/);
  expect(exitCode).toBe(1);
});
