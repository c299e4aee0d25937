import { afterAll, beforeAll, expect, test } from 'vitest';

import { ExamplesHome } from './examples-home.ts';

let home: ExamplesHome;

beforeAll(async () => {
  home = await ExamplesHome.make();
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

test('language_of tells the languages of short texts, and nothing of what is none', async () => {
  // The first article of the Universal Declaration of Human Rights, as the United Nations publish it.
  const texts = {
    en: 'All human beings are born free and equal in dignity and rights.',
    de: 'Alle Menschen sind frei und gleich an Würde und Rechten geboren.',
    fr: 'Tous les êtres humains naissent libres et égaux en dignité et en droits.',
    es: 'Todos los seres humanos nacen libres e iguales en dignidad y derechos.',
    pl: 'Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.',
    tr: 'Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.',
    ru: 'Все люди рождаются свободными и равными в своем достоинстве и правах.',
    ja: 'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。',
    '': '12 345 – 67',
  };
  const rows = Object.values(texts).map((text) => `'${text}'`);
  const found = await home.query(`SELECT language_of(text) FROM values('text String', ${rows.join(', ')}, '')`);
  expect(found).toBe(`${Object.keys(texts).join('\n')}\n\n`);
});

test('a LowCardinality column, for which ClickHouse adds an empty text, is answered', async () => {
  const sql = `
    SELECT language_of(text), to_ascii(text), chunks(2, 0)(text)
    FROM (SELECT toLowCardinality('Schöne Grüße an alle') AS text FROM numbers(2))`;
  const row = "de\tSchone Grusse an alle\t['Schöne Grüße','an alle']\n";
  expect(await home.query(sql)).toBe(row.repeat(2));
});

test('to_ascii keeps tabs, line ends and backslashes, and says where a text is no UTF-8', async () => {
  const sql = String.raw`SELECT to_ascii('é\té\né\\é'), to_ascii('') FORMAT JSONCompactEachRow`;
  expect(JSON.parse(await home.query(sql))).toEqual(['e\te\ne\\e', '']);
  expect(await home.failingQuery(`SELECT to_ascii(unhex('61ff'))`)).toMatch(/exit code 1: iconv: .*position 1/);
});

test.each([
  [4, 1, '1 2 3 4 5 6 7 8', ['1 2 3 4', '4 5 6 7', '7 8']],
  [4, 1, '1 2 3 4 5 6 7', ['1 2 3 4', '4 5 6 7']],
  [3, 0, ' 1  2\n3 4 ', ['1 2 3', '4']],
  [3, 2, '1 2', ['1 2']],
  [3, 2, '', []],
])('chunks(%i, %i) of %j', async (words, overlap, text, expected) => {
  const sql = `SELECT chunks(${words}, ${overlap})('${text.replaceAll('\n', String.raw`\n`)}') FORMAT JSONCompactEachRow`;
  expect(JSON.parse(await home.query(sql))).toEqual([expected]);
});

test('parameters that make no sense are an error', async () => {
  expect(await home.failingQuery(`SELECT chunks(2, 2)('a b')`)).toContain('an overlap of 2 leaves nothing of 2 words');
  expect(await home.failingQuery(`SELECT chunks('x', 2)('a b')`)).toMatch(/UInt16|words/);
});
