import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { makeSandbox, type Sandbox } from '../../cli/sandbox.ts';
import { laionFixtures, readRecorded, recordedParts } from './laion-parts.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox();
});

afterAll(async () => {
  await sandbox.remove();
});

const csvFiles = join(laionFixtures, 'csv/*.csv');
const create = `CREATE TABLE laion
(
    \`id\` Int64,
    \`url\` String,
    \`caption\` String,
    \`NSFW\` String,
    \`similarity\` Float32,
    \`image_embedding\` Array(Float32),
    \`text_embedding\` Array(Float32)
)
ENGINE = MergeTree
ORDER BY id
SETTINGS index_granularity = 8192`;
const rowsAsJson = `SELECT id, hex(url) AS url, hex(caption) AS caption, NSFW, similarity,
  image_embedding, text_embedding FROM laion ORDER BY id FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0`;

const hexOf = (text: string): string => Buffer.from(text).toString('hex').toUpperCase();

/** What the documented script and CSV leave of a caption: blanks for quotes, none at its ends, and nothing of `\N`. */
function captionInCsv(caption: string): string {
  const withoutQuotes = caption.replaceAll(/['"]/g, ' ');
  // pandas puts quotes around some captions only, and ClickHouse trims the others.
  const isQuoted = /[\r\n,]/.test(withoutQuotes);
  if (withoutQuotes === '\\N') return '';
  return isQuoted ? withoutQuotes : withoutQuotes.replaceAll(/^[ \t]+|[ \t]+$/g, '');
}

async function expectedRows(): Promise<object[]> {
  const recorded = await readRecorded(1);
  return recorded.url.map((url, row) => ({
    id: row,
    url: hexOf(url),
    caption: hexOf(captionInCsv(recorded.caption[row] ?? '')),
    NSFW: recorded.NSFW[row] ?? '',
    // Of NaN pandas makes nothing, and ClickHouse of that 0.
    similarity: Math.fround(recorded.similarity[row] ?? 0),
    image_embedding: recorded.image_embedding[row],
    text_embedding: recorded.text_embedding[row],
  }));
}

function parseRows(lines: string): object[] {
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      // Selected above.
      const row = JSON.parse(line) as {
        similarity: number;
        image_embedding: number[];
        text_embedding: number[];
      };
      return {
        ...row,
        similarity: Math.fround(row.similarity),
        image_embedding: row.image_embedding.map((value) => Math.fround(value)),
        text_embedding: row.text_embedding.map((value) => Math.fround(value)),
      };
    });
}

test('the documented CREATE TABLE and INSERT … FROM INFILE load the CSV files that the documented script makes', async () => {
  const insert = `INSERT INTO laion FROM INFILE '${csvFiles}'`;
  const printed = await sandbox.query(`${create}; ${insert}; ${rowsAsJson}`);
  expect(parseRows(printed)).toEqual(await expectedRows());
});

test('they load into the table that ingest makes, with a list of columns', async () => {
  const dataPath = join(sandbox.path, 'data');
  const { exitCode } = await sandbox.run(['--data', dataPath, 'ingest', 'laion', recordedParts, '--parts', '1']);
  expect(exitCode).toBe(0);
  const columns = 'id, url, caption, NSFW, similarity, image_embedding, text_embedding';
  const printed = await sandbox.query(
    `INSERT INTO laion (${columns}) FROM INFILE '${csvFiles}' FORMAT CSV; SELECT count(), uniqExact(id), sum(width) FROM laion WHERE id < 100000000;
    SELECT count() FROM laion AS csv JOIN laion AS parts ON parts.id = csv.id + 100000000
    WHERE csv.image_embedding = parts.image_embedding AND csv.text_embedding = parts.text_embedding AND csv.url = parts.url`,
    { env: { EMBEDHOUSE_DATA: dataPath } },
  );
  expect(printed).toBe('45\t45\t0\n45\n');
});
