import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { listEmoji } from '../../src/demo/emoji-catalogue.ts';
import { renderEmoji } from '../../src/demo/emoji-pictures.ts';
import type { RecallReport } from '../../src/vector-index/recall/recall-report.ts';
import { makeSandbox, type Sandbox } from '../cli/sandbox.ts';

let sandbox: Sandbox;
let folders: string[];
let picturesPath: string;

beforeAll(async () => {
  sandbox = await makeSandbox();
  sandbox.env['EMBEDHOUSE_DATA'] = join(sandbox.path, 'data');
  picturesPath = join(sandbox.path, "it's a folder of pictures");
  folders = ['--pictures', picturesPath];
});

afterAll(async () => {
  await sandbox.remove();
});

const headings = (stdout: string): string[] =>
  [...stdout.matchAll(/^── (?<title>[^\n]*)$/gm)].map(([, title]) => title ?? '');

const tour = [
  expect.stringMatching(/^Text to image/),
  expect.stringMatching(/^Text to text/),
  expect.stringMatching(/^Image to image: pictures like \d+-pizza\./),
  expect.stringMatching(/^The same search, exact/),
  expect.stringMatching(/^What ClickHouse does/),
];

test('Ctrl-C while it renders ends it in one line', async () => {
  const running = sandbox.start(['demo', ...folders]);
  await once(running.stdout, 'data');
  process.kill(-running.pid, 'SIGINT');
  expect(await running.ended).toEqual({
    exitCode: 130,
    stderr: 'embedhouse: rendering was cancelled; run the demo again to render the pictures\n',
  });
});

test(
  'renders the emoji, fills the documented table, indexes it and shows the documented queries',
  { timeout: 180_000 },
  async () => {
    const { exitCode, stdout, stderr } = await sandbox.run(['demo', ...folders]);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(headings(stdout)).toEqual([
      expect.stringMatching(/^Render 1\d{3} emoji to JPEG, PNG and WebP files in /),
      expect.stringMatching(/^Fill the table/),
      'Build the vector indexes',
      ...tour,
    ]);
    // Each query with its table and its time.
    expect(stdout.match(/^\d+\.\d ms$/gm)).toHaveLength(5);
    expect(stdout).toMatch(/Name: image_index/);
    expect(stdout).toMatch(/Done in \d+ s\. What to try next:/);

    const files = (await readdir(picturesPath)).filter((name) => name !== 'pictures.jsonl');
    expect(new Set(files.map((name) => extname(name)))).toEqual(new Set(['.jpg', '.png', '.webp']));
    const sql = `
    SELECT count(), uniqExact(url), countIf(length(image_embedding) = 512 AND length(text_embedding) = 512) FROM laion;
    SELECT name, type FROM system.columns WHERE table = 'laion' ORDER BY position;
    SELECT name, expr FROM system.data_skipping_indices WHERE table = 'laion' AND data_uncompressed_bytes > 0 ORDER BY name;
    SHOW CREATE TABLE laion FORMAT TSVRaw`;
    const result = await sandbox.query(sql);
    const count = String(files.length);
    expect(result.split('\n').slice(0, 10)).toEqual([
      `${count}\t${count}\t${count}`,
      'id\tInt64',
      'url\tString',
      'caption\tString',
      'NSFW\tString',
      'similarity\tFloat32',
      'image_embedding\tArray(Float32)',
      'text_embedding\tArray(Float32)',
      'image_index\timage_embedding',
      'text_index\ttext_embedding',
    ]);
    expect(result.match(/vector_similarity\('hnsw', 'cosineDistance', 512, 'bf16', 64, 256\)/g)).toHaveLength(2);
  },
);

test('run again, it only shows the queries', async () => {
  const before = await sandbox.hostStatus();
  const { exitCode, stdout, stderr } = await sandbox.run(['demo', ...folders]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(headings(stdout)).toEqual(tour);
  const { rows } = await sandbox.hostStatus();
  expect(rows.image - before.rows.image).toBeLessThan(20);
});

test('afterwards a query finds dogs and cats, and a rendered file finds itself', async () => {
  const nearest = (column: string): string =>
    `SELECT caption FROM laion ORDER BY cosineDistance(image_embedding, ${column}) LIMIT 10`;
  const file = (await readdir(picturesPath)).find((name) => name.includes('-red-apple.'));
  const sql = `${nearest("encode_text('a dog and a cat')")}; ${nearest(`encode_image('${join(picturesPath, file ?? '').replace("'", "\\'")}')`)}`;
  const { exitCode, stdout, stderr } = await sandbox.run(['query', '--model', 'emoji-clip', sql]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const captions = stdout.trimEnd().split('\n');
  expect(captions).toHaveLength(20);
  expect(captions[10]).toBe('red apple');
  const found = captions.slice(0, 10);
  const others = found.filter((caption) => caption === 'hot dog' || !/\b(?:dog|poodle|cat)\b/.test(caption));
  expect(others.slice(2)).toEqual([]);
  expect(found.join(', ')).toMatch(/\b(?:dog|poodle)\b/);
  expect(found.join(', ')).toMatch(/\bcat\b/);
});

test('the bundled model finds pictures by their names, and an emoji on another background', async () => {
  const byName = `
    SELECT avg(has(nearest.2, id)) FROM
    (
        SELECT text.id AS id, groupArraySorted(10)((cosineDistance(text_embedding, image.image_embedding), image.id)) AS nearest
        FROM laion AS text CROSS JOIN (SELECT id, image_embedding FROM laion) AS image
        GROUP BY id
    )`;
  const others = await renderOthers(join(sandbox.path, 'others'));
  const byOtherPicture = `
    SELECT avg(nearest = id) FROM
    (
        SELECT other.id AS id, argMin(laion.id, cosineDistance(embedding, image_embedding)) AS nearest
        FROM (SELECT id, encode_image(url) AS embedding FROM file('${others}', JSONEachRow, 'id Int64, url String')) AS other
        CROSS JOIN laion
        GROUP BY id
    )`;
  const env = { EMBEDHOUSE_MODEL: 'emoji-clip' };
  const answer = await sandbox.query(`${byName}; ${byOtherPicture}`, { env });
  const [name = 0, otherPicture = 0] = answer.split('\n').map(Number);
  expect(name).toBeGreaterThanOrEqual(0.9);
  // The model's card measures all; these are every tenth.
  expect(otherPicture).toBeGreaterThanOrEqual(0.85);
});

/** Draws every tenth emoji in another layout than the demo's; answers the path of their list. */
async function renderOthers(folder: string): Promise<string> {
  await mkdir(folder);
  const lines: string[] = [];
  for (const emoji of listEmoji().filter(({ id }) => id % 10 === 0)) {
    const { fileName, bytes } = await renderEmoji(emoji, { variation: 1 });
    await writeFile(join(folder, fileName), bytes);
    lines.push(JSON.stringify({ id: emoji.id, url: join(folder, fileName) }));
  }
  await writeFile(join(folder, 'others.jsonl'), lines.join('\n'));
  return join(folder, 'others.jsonl');
}

test("the demo's index finds nearly all of the ten nearest pictures", async () => {
  const args = ['index', 'recall', 'laion', 'image_embedding', '--ef', '256', '--fetch-multiplier', '1', '--json'];
  const { exitCode, stdout, stderr } = await sandbox.run(args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  // The program's own type of what it prints.
  const { indexes } = JSON.parse(stdout) as RecallReport;
  const found = indexes[0]?.results.find(({ isDefault }) => isDefault);
  expect(found?.recall).toBeGreaterThanOrEqual(0.95);
});

test('another table of that name is left alone', async () => {
  const env = { EMBEDHOUSE_DATA: join(sandbox.path, 'other') };
  await sandbox.query('CREATE TABLE laion (a UInt8) ENGINE = MergeTree ORDER BY a; INSERT INTO laion VALUES (7)', {
    env,
  });
  const { exitCode, stderr } = await sandbox.run(['demo', ...folders], { env });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /^embedhouse: the data folder has a table 'laion' that is not this demo's: [^\n]*--data[^\n]*\n$/,
  );
  expect(await sandbox.query('SELECT a FROM laion', { env })).toBe('7\n');
});

test('a reader that has read enough is no error', async () => {
  const running = sandbox.start(['demo', ...folders]);
  running.stdout.once('data', () => running.stdout.destroy());
  expect(await running.ended).toEqual({ exitCode: 0, stderr: '' });
});
