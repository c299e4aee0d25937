import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { runtimePaths } from '../../src/bridge/embed.ts';
import { readHostStatus } from '../../src/host/host-client.ts';
import { writeBrokenImages, writeImages } from '../ingest/images/write-images.ts';
import { makeSandbox, tinyModel, type Sandbox, type Started } from './sandbox.ts';

let sandbox: Sandbox;
let photos: string;
let reasons: Record<string, RegExp>;

const good = 1980;
const broken = 20;

beforeAll(async () => {
  sandbox = await makeSandbox(tinyModel);
  sandbox.env['EMBEDHOUSE_DATA'] = join(sandbox.path, 'data');
  photos = join(sandbox.path, "a folder of 'photos' [2024] *");
  await mkdir(photos);
  await writeImages(photos, good);
  reasons = await writeBrokenImages(photos);
});

afterAll(async () => {
  await sandbox.remove();
});

const ingest = async (...args: string[]): Promise<unknown> => {
  const { exitCode, stdout, stderr } = await sandbox.run(['ingest', 'images', photos, '--json', ...args]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout);
};

/** What the tables hold, without what differs between runs: times of failures, and the decoder's words. */
const checksum = (table: string): string => `
  SELECT count(), uniqExact(path), groupBitXor(cityHash64(* EXCEPT (modified))) FROM ${table};
  SELECT count(), groupBitXor(cityHash64(path, bytes)) FROM ${table}_failures`;

const nothingNew = { new: 0, changed: 0, unchanged: good, failed: broken, gone: 0, computed: { images: 0, texts: 0 } };

test('2 000 files of which 20 are broken become 1 980 rows and 20 failures with their reasons', async () => {
  expect(Object.keys(reasons)).toHaveLength(broken);
  expect(await ingest()).toMatchObject({
    new: good,
    changed: 0,
    unchanged: 0,
    failed: broken,
    failedBefore: 0,
    gone: 0,
    computed: { images: good, texts: good / 3 },
  });
  const failures = await sandbox.query('SELECT path, reason FROM images_failures FORMAT JSONCompactEachRow');
  const told = failures
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as [string, string]);
  expect(Object.fromEntries(told)).toEqual(
    Object.fromEntries(
      Object.entries(reasons).map(([name, reason]) => [join(photos, name), expect.stringMatching(reason)]),
    ),
  );
});

test("rows hold what the files are, and the vectors that SQL's functions give", async () => {
  const sql = `
    SELECT count() FROM images WHERE
      image_embedding = encode_image(path) AND text_embedding = if(caption = '', [], encode_text(caption));
    SELECT format, count(), groupUniqArray((width, height)) FROM images GROUP BY format ORDER BY format;
    SELECT caption, sha256 = lower(hex(SHA256(file(path)))), bytes = length(file(path)) FROM images WHERE path LIKE '%/300.jpeg'`;
  expect(await sandbox.query(sql)).toBe(
    `${good}\njpeg\t660\t[(12,12)]\npng\t660\t[(12,12)]\nwebp\t660\t[(12,12)]\npicture 300\t1\t1\n`,
  );
});

test('run again, it computes nothing', async () => {
  const before = await sandbox.hostStatus();
  expect(await ingest()).toMatchObject({ ...nothingNew, failedBefore: broken });
  const after = await sandbox.hostStatus();
  expect(after.rows).toEqual(before.rows);
  expect(await sandbox.query('SELECT count(), uniqExact(path) FROM images_failures')).toBe(`${broken}\t${broken}\n`);
});

test('tries again what failed before only when told to', async () => {
  expect(await ingest('--retry-failed')).toMatchObject({ ...nothingNew, failedBefore: 0 });
  expect(await sandbox.query('SELECT count(), uniqExact(path) FROM images_failures')).toBe(`${broken}\t${broken}\n`);
});

/** Starts a run on all images into a table, and answers when the host has embedded so many more. */
async function startAndWait(table: string, images: number): Promise<Started> {
  // A new host has no vectors yet, so that the run takes its time.
  await sandbox.run(['host', 'stop']);
  const running = sandbox.start(['ingest', 'images', photos, '--table', table]);
  const ended = running.ended.then((answer) => expect(answer).toBe('running'));
  while ((await answeredImages()) < images) await Promise.race([sleep(5), ended]);
  ended.catch(() => {});
  return running;
}

/** Whether rows of a table are on the disk. */
async function hasRows(table: string): Promise<boolean> {
  const names = await readdir(join(sandbox.path, 'data/data/default', table)).catch((): string[] => []);
  return names.some((name) => /^all_\d+_\d+_\d+$/.test(name));
}

async function answeredImages(): Promise<number> {
  return (await readHostStatus(runtimePaths(sandbox.env)))?.rows.image ?? 0;
}

test('killed at three moments and run again, it has the rows of a run that was not', async () => {
  for (const images of [20, 400, 20]) {
    const running = await startAndWait('killed', images);
    if (images > 20) await expect.poll(async () => hasRows('killed'), { interval: 5 }).toBe(true);
    process.kill(-running.pid, 'SIGKILL');
    expect(await running.ended).toEqual({ exitCode: 'SIGKILL', stderr: '' });
  }
  await clearTemporaryFolder();
  const kept = Number(await sandbox.query('SELECT count() FROM killed'));
  expect(kept).toBeGreaterThan(200);
  expect(await ingest('--table', 'killed')).toMatchObject({
    new: good - kept,
    unchanged: kept,
    failed: broken,
    gone: 0,
  });
  expect(await sandbox.query(checksum('killed'))).toBe(await sandbox.query(checksum('images')));
});

/** What a killed engine leaves. */
async function clearTemporaryFolder(): Promise<void> {
  const path = join(sandbox.path, 'tmp');
  for (const name of await readdir(path)) await rm(join(path, name), { recursive: true });
}

test('Ctrl-C keeps what is computed, and says how to go on', async () => {
  const running = await startAndWait('stopped', 300);
  process.kill(-running.pid, 'SIGINT');
  expect(await running.ended).toEqual({
    exitCode: 130,
    stderr: expect.stringMatching(
      /^embedhouse: stopped after \d+ of 2000 images: run the same command again to go on\n$/,
    ),
  });
  const kept = Number(await sandbox.query('SELECT count() FROM stopped'));
  expect(kept).toBeGreaterThan(100);
  expect(await ingest('--table', 'stopped')).toMatchObject({ new: good - kept, unchanged: kept, failed: broken });
  expect(await sandbox.query(checksum('stopped'))).toBe(await sandbox.query(checksum('images')));
});
