import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import { makeSandbox, repositoryPath, type Sandbox, type Started } from './sandbox.ts';

let sandbox: Sandbox;
let source: string;
let dataPath: string;
let runs = 0;
/** What a load that nobody stops leaves. */
let whole: string;

// Each test starts the program six times and more.
vi.setConfig({ testTimeout: 120_000 });

const partitions = 24;
const contents = `SELECT count(), uniqExact(id), groupBitXor(cityHash64(*)), sum(cityHash64(*)) FROM laion;
  SELECT name FROM system.tables WHERE database = 'default' ORDER BY name;
  SELECT part, state, rows FROM laion_parts FINAL ORDER BY part`;

const ingestArgs = (): string[] => [
  '--data',
  dataPath,
  'ingest',
  'laion',
  source,
  '--partition-by',
  `id % ${partitions}`,
];
const query = async (sql: string): Promise<string> => sandbox.query(sql, { env: { EMBEDHOUSE_DATA: dataPath } });

beforeAll(async () => {
  sandbox = await makeSandbox();
  source = join(sandbox.path, 'parts');
  const generator = join(repositoryPath, 'scripts/write-laion-parts.mjs');
  await execa(process.execPath, [generator, source, '--parts', '3', '--rows', '20000', '--dims', '64']);
  dataPath = join(sandbox.path, 'whole');
  expect(await sandbox.run(ingestArgs())).toMatchObject({ exitCode: 0 });
  whole = await query(contents);
  const states = '0\tloaded\t20000\n1\tloaded\t20000\n2\tloaded\t20000\n';
  expect(whole).toMatch(new RegExp(String.raw`^60000\t60000\t\d+\t\d+\nlaion\nlaion_parts\n${states}$`));
});

beforeEach(() => {
  dataPath = join(sandbox.path, `data-${runs++}`);
});

afterAll(async () => {
  // A killed process leaves its temporary folder.
  await rm(join(sandbox.path, 'tmp'), { recursive: true });
  await mkdir(join(sandbox.path, 'tmp'));
  await sandbox.remove();
});

const filesOf = async (table: string): Promise<string[]> =>
  readdir(join(dataPath, 'data/default', table)).catch((): string[] => []);
/** As inserts and attaching name what they write; merges count up the last number. */
const isNewPart = (name: string): boolean => /^\w+_\d+_\d+_0$/.test(name);

type Moment = () => Promise<boolean>;
/** Reading has begun. */
const tableOf =
  (part: number): Moment =>
  async () =>
    (await filesOf(`laion_loading_${part}`)).length > 0;
/** Rows are on the disk. */
const rowsOf =
  (part: number): Moment =>
  async () =>
    (await filesOf(`laion_loading_${part}`)).some(isNewPart);
/** Some partitions of a part, or of the first that is loaded, are the table's, and others are not. */
const attaching = (part?: number): Moment => {
  let before: Set<string> | undefined;
  return async () => {
    if (before === undefined && part !== undefined && !(await tableOf(part)())) return false;
    const names = (await filesOf('laion')).filter(isNewPart);
    before ??= new Set(names);
    return names.filter((name) => before?.has(name) === false).length > 3;
  };
};

async function stopAt(moment: Moment, signal: 'SIGKILL' | 'SIGINT'): ReturnType<typeof runToEnd> {
  const running = sandbox.start(ingestArgs());
  const over = new AbortController();
  const ended = running.ended.finally(() => over.abort());
  while (!over.signal.aborted && !(await moment())) await sleep(1);
  if (!over.signal.aborted) process.kill(-running.pid, signal);
  return ended;
}

async function runToEnd(): Started['ended'] {
  return sandbox.start(ingestArgs()).ended;
}

test('killed while it reads, writes and hands over three different parts, and run again: each row is there once', async () => {
  for (const moment of [tableOf(0), rowsOf(1), attaching(2)]) {
    expect(await stopAt(moment, 'SIGKILL')).toMatchObject({ exitCode: 'SIGKILL' });
  }
  expect(await runToEnd()).toMatchObject({ exitCode: 0 });
  expect(await query(contents)).toBe(whole);
});

test('killed again and again while it hands over parts, and run again: each row is there once', async () => {
  for (let kills = 0; kills < 2; kills++) {
    expect(await stopAt(attaching(), 'SIGKILL')).toMatchObject({ exitCode: 'SIGKILL' });
  }
  expect(await runToEnd()).toMatchObject({ exitCode: 0 });
  expect(await query(contents)).toBe(whole);
});

test('Ctrl-C ends it with 130 and says where; parts are there whole or not at all, and the next run goes on', async () => {
  const { exitCode, stderr } = await stopAt(tableOf(1), 'SIGINT');
  expect(exitCode).toBe(130);
  const place =
    /\nembedhouse: stopped in part (?<part>[12]); parts that are loaded stay loaded; run the same command again to go on\n$/;
  const loaded = Number(place.exec(stderr)?.groups?.['part']);
  expect(stderr).toMatch(/^part 0: 20,000 rows in /);
  const rows = 20_000 * loaded;
  expect(await query('SELECT count(), uniqExact(id) FROM laion')).toBe(`${rows}\t${rows}\n`);
  expect(await query("SELECT count() FROM system.tables WHERE database = 'default'")).toBe('2\n');
  const again = await runToEnd();
  expect(again.stderr).toMatch(/^part 0 was loaded before: 20,000 rows\n/);
  expect(again.exitCode).toBe(0);
  expect(await query(contents)).toBe(whole);
});
