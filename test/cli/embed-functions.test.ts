import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { greatestDifference } from '../models/fixtures.ts';
import { readRecordedModel } from '../models/recorded-models.ts';
import { fixturesPath, makeSandbox, tinyModel, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox(tinyModel);
});

afterAll(async () => {
  await sandbox.remove();
});

const images = join(fixturesPath, 'images');

describe('embed and embed_image', () => {
  test('give the vectors of the model that is named, constant or in a column', async () => {
    const { texts } = readRecordedModel('tiny-bert-mean');
    const row = texts.find(({ text }) => /^[a-z ]{8,}$/.test(text));
    const sql = `SELECT embed('tiny-bert-mean', {text:String}) AS v, v = embed(materialize('tiny-bert-mean'), materialize({text:String})) FORMAT JSONCompactEachRow`;
    const { stdout } = await sandbox.run(['query', sql, '--param', `text=${row?.text}`]);
    const [vector, isSame] = JSON.parse(stdout) as [number[], number];
    expect(isSame).toBe(1);
    expect(greatestDifference(vector, row?.vector ?? [])).toBeLessThan(1e-4);
  });

  test('keep the order of rows of many models, lengths and dimensions in one block', async () => {
    const models = ['tiny-bert-mean', 'tiny-clip', 'tiny-bert-cls', 'tiny-siglip', 'tiny-decoder-last'];
    const sql = `
      CREATE TABLE t ENGINE = MergeTree ORDER BY n AS SELECT number AS n,
        ${JSON.stringify(models).replaceAll('"', "'")}[1 + sipHash64(n) % 5] AS model, repeat(toString(n % 700), 1 + n % 9) AS text,
        embed(model, text) AS v FROM numbers(5000);
      SELECT model, any(length(v)), countIf(v = embed(model, text)) = count(), uniqExact(v) > 3
        FROM (SELECT * FROM t ORDER BY reverse(text)) GROUP BY model ORDER BY model`;
    expect(await sandbox.query(sql)).toBe(
      'tiny-bert-cls\t32\t1\t1\ntiny-bert-mean\t32\t1\t1\ntiny-clip\t16\t1\t1\ntiny-decoder-last\t32\t1\t1\ntiny-siglip\t32\t1\t1\n',
    );
  });

  test('embed_image takes models for images, and pairs', async () => {
    const sql = `SELECT length(embed_image(model, '${images}/tall.jpg')), embed_image(model, '') = arrayWithConstant(length(embed_image(model, '${images}/tall.jpg')), 0.)
      FROM (SELECT arrayJoin(['tiny-dino', 'tiny-vit', 'tiny-siglip', 'tiny-clip']) AS model)`;
    expect(await sandbox.query(sql)).toBe('32\t1\n32\t1\n32\t1\n16\t1\n');
  });

  test('an empty model has an empty vector: ClickHouse itself calls functions on it', async () => {
    const sql = `SELECT length(embed('', 'a dog')), length(embed_image('', '/a.jpg'));
      SELECT sum(length(embed(toLowCardinality(if(number < 3, 'tiny-clip', 'tiny-bert-cls')), 'x'))) FROM numbers(5)`;
    expect(await sandbox.query(sql)).toBe('0\t0\n112\n');
  });

  test('a model that is missing, or embeds the other only, ends the query and says so', async () => {
    expect(await sandbox.failingQuery("SELECT embed('no-such', 'a')")).toContain("model 'no-such' is not installed in");
    expect(await sandbox.failingQuery("SELECT embed('../tiny-clip', 'a')")).toContain('is not a model name');
    expect(await sandbox.failingQuery("SELECT embed('tiny-dino', 'a')")).toContain('embeds images only, no texts');
    expect(await sandbox.failingQuery("SELECT embed_image('tiny-bert-cls', '/a.jpg')")).toContain(
      'embeds texts only, no images',
    );
  });
});

describe('vectors of another length than the column’s', () => {
  const create = `
    CREATE TABLE docs (id UInt32, v Array(Float32), INDEX i v TYPE vector_similarity('hnsw', 'cosineDistance', 16)) ENGINE = MergeTree ORDER BY id;
    INSERT INTO docs SELECT number, embed('tiny-clip', toString(number)) FROM numbers(50);`;
  const advice =
    /vectors must be as long as the column’s, and of the model that made those: compare length\(column\) with length\(encode_text\('x'\)\), and name the model with --model/;

  test.each([
    ['in a search by index', `SELECT id FROM docs ORDER BY cosineDistance(v, embed('tiny-bert-mean', 'a')) LIMIT 1`],
    [
      'in an exact search',
      `SELECT id FROM docs ORDER BY cosineDistance(v, embed('tiny-bert-mean', 'a')) LIMIT 1 SETTINGS use_skip_indexes = 0`,
    ],
    ['by another distance', `SELECT max(L2Distance(v, embed('tiny-bert-mean', 'a'))) FROM docs`],
    ['in a product', `SELECT max(dotProduct(v, embed('tiny-bert-mean', 'a'))) FROM docs`],
    ['in an insert', `INSERT INTO docs SELECT 99, embed('tiny-bert-mean', 'a')`],
  ])('%s: ClickHouse’s error says what to do', async (_, sql) => {
    expect(await sandbox.failingQuery(create + sql)).toMatch(advice);
  });

  test('other errors say nothing of it', async () => {
    expect(await sandbox.failingQuery('SELECT arrayMap((x, y) -> x, [1], [1, 2])')).not.toMatch(advice);
  });

  test('the model recorded with the table tells vectors of another one, of the same length', async () => {
    const sql = `
      CREATE TABLE notes (text String, v Array(Float32), model LowCardinality(String)) ENGINE = MergeTree ORDER BY text;
      INSERT INTO notes SELECT toString(number), encode_text(toString(number)), encode_text_model('id') FROM numbers(3);
      INSERT INTO notes VALUES ('old', [1], 'another fp32 sha256:0');
      SELECT countIf(model = encode_text_model('id')), groupArrayIf(text, model != encode_text_model('id')) FROM notes`;
    expect(await sandbox.query(sql)).toBe("3\t['old']\n");
  });
});
