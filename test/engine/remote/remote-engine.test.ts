import { PassThrough, Writable } from 'node:stream';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { openRemoteEngine } from '../../../src/engine/remote/remote-engine.ts';
import { openTestEngine, read } from '../open-test-engine.ts';
import { startTestServer, type TestServer } from './start-test-server.ts';

let server: TestServer;
let engine: Engine;
/** The embedded engine of this process: what it answers, a server must. */
let embedded: Engine;

beforeAll(async () => {
  server = await startTestServer();
  engine = await openRemoteEngine({ url: server.url });
  embedded = await openTestEngine();
});

afterAll(async () => {
  await engine?.close();
  await embedded?.close();
  await server?.stop();
});

test("has the server's version", () => {
  expect(engine.version).toBe(embedded.version);
});

test('runs statements in turn and joins their results', async () => {
  expect(await read(engine, "SELECT 1; SELECT 2; SHOW TABLES FROM system LIKE 'one'; -- nothing")).toBe('1\n2\none\n');
});

test('keeps settings, parameters and temporary tables for later calls', async () => {
  await engine.run('SET max_threads = 3; SET param_target = [0.5, 2]; CREATE TEMPORARY TABLE kept (a String)');
  await engine.run("INSERT INTO kept VALUES ('a;b'), ('c')");
  expect(
    await read(engine, "SELECT getSetting('max_threads'), {target:Array(Float32)}, (SELECT count() FROM kept)"),
  ).toBe('3\t[0.5,2]\t2\n');
});

test('answers in the format asked for unless the statement names one, byte for byte', async () => {
  const sql = "SELECT number, 'ä' FROM numbers(1000)";
  for (const format of ['JSONEachRow', 'RowBinaryWithNamesAndTypes', 'Native']) {
    expect(await read(engine, sql, { format })).toBe(await read(embedded, sql, { format }));
  }
  expect(await read(engine, 'SELECT 1 AS a; SELECT 2 AS a FORMAT CSV', { format: 'JSONEachRow' })).toBe('{"a":1}\n2\n');
});

test.each([
  ['String', 'it\'s a "test",\tline 1\nline 2\r', 'it\'s a "test",\tline 1\nline 2\r'],
  ['String', String.raw`a\tb\nc\\d\'e`, "a\tb\nc\\d'e"],
  ['String', '100% & a=b + ?', '100% & a=b + ?'],
  ['String', '', ''],
  ['Array(String)', String.raw`['a\'b','c\td', 'e,f']`, ["a'b", 'c\td', 'e,f']],
  ['Array(Float32)', '[0.5, -2]', [0.5, -2]],
  ['Int8', '-5', -5],
  ['Nullable(UInt8)', String.raw`\N`, null],
  ['Map(String, UInt8)', "{'a':1}", { a: 1 }],
])('gives a parameter of %s its value as the embedded engine does: %j', async (type, value, expected) => {
  const options = { params: { value }, format: 'JSONEachRow' };
  const sql = `SELECT {value:${type}} AS value`;
  const rows = [{ value: expected }];
  expect(await engine.rows(sql, options)).toEqual(rows);
  expect(await embedded.rows(sql, options)).toEqual(rows);
  expect(JSON.parse(await read(engine, sql, options))).toEqual(rows[0]);
});

test('a parameter can be as long as a vector is', async () => {
  const params = { value: `[${Array.from({ length: 4096 }, (_, n) => n + 0.123456789).join()}]` };
  expect(await read(engine, 'SELECT length({value:Array(Float32)})', { params })).toBe('4096\n');
  expect(await engine.rows('SELECT length({value:Array(Float32)}) AS n', { params })).toEqual([{ n: 4096 }]);
});

test('refuses a parameter whose name is not a name', async () => {
  const params = { 'x = 1, max_threads': '1' };
  await expect(read(engine, 'SELECT 1', { params })).rejects.toMatchObject({ code: 'USAGE' });
  await expect(engine.rows('SELECT 1', { params })).rejects.toMatchObject({ code: 'USAGE' });
});

test('takes the data that stands in a statement as it is', async () => {
  const sql = 'CREATE TEMPORARY TABLE inline (a String, b String); INSERT INTO inline FORMAT TSV\nx;\t;\n\t\n';
  await engine.run(sql);
  expect(await read(engine, 'SELECT * FROM inline')).toBe('x;\t;\n\t\n');
});

test('keeps the text, the code and the position of an error', async () => {
  const failing = 'SELECT 1; SELEC 2';
  const error: unknown = await read(engine, failing).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'QUERY_FAILED', clickhouseCode: 62, clickhouseName: 'SYNTAX_ERROR' });
  expect(error).toMatchObject({
    message: expect.stringMatching(/^Syntax error: failed at position 8 \(2\): 2\. .*; statement 2 of 2\)$/s),
  });
});

test.each(['TabSeparated', 'JSONEachRow', 'Native', 'Parquet'])(
  'an error in the middle of a result is an error, behind what had come: %s',
  async (format) => {
    const sql = 'SELECT throwIf(number = 500000) AS a FROM numbers(1000000) SETTINGS max_block_size = 1000';
    let text = '';
    const reading = (async () => {
      for await (const chunk of engine.stream(sql, { format })) text += Buffer.from(chunk).toString('latin1');
    })();
    await expect(reading).rejects.toMatchObject({ clickhouseCode: 395 });
    expect(text.length > 1000 || format === 'Parquet').toBe(true);
    expect(text).not.toMatch(/__exception__|DB::Exception/);
    expect(await read(engine, 'SELECT 42')).toBe('42\n');
  },
);

test('leaving the loop early ends the query on the server', async () => {
  for await (const chunk of engine.stream('SELECT number FROM numbers(100000000000)')) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  expect(await read(engine, 'SELECT 1')).toBe('1\n');
  expect(
    await engine.rows("SELECT count() AS running FROM system.processes WHERE query LIKE '%numbers(1000%'"),
  ).toEqual([{ running: 1 }]);
});

test('a reader that goes away ends the query quietly', async () => {
  const output = new PassThrough();
  output.once('data', () => output.destroy());
  await engine.run('SELECT number FROM numbers(100000000000)', { output });
  expect(await read(engine, 'SELECT 1')).toBe('1\n');
});

test('streams a large result in bounded memory to a slow reader', async () => {
  let bytes = 0;
  let mostMemory = 0;
  const before = process.memoryUsage().rss;
  const output = new Writable({
    write(chunk: Uint8Array, _, done) {
      bytes += chunk.length;
      mostMemory = Math.max(mostMemory, process.memoryUsage().rss);
      if (bytes < 5_000_000) setTimeout(done, 5);
      else done();
    },
  });
  await engine.run('SELECT number FROM numbers(50000000)', { output });
  // Lengths of 0 … 49 999 999, and a newline each.
  expect(bytes).toBe(10 + 90 * 2 + 900 * 3 + 9e3 * 4 + 9e4 * 5 + 9e5 * 6 + 9e6 * 7 + 4e7 * 8 + 5e7);
  expect(mostMemory - before).toBeLessThan(200_000_000);
});

test('calls take turns in the session; rows go beside them', async () => {
  const slow = read(engine, 'SELECT sleep(0.5)');
  const next = read(engine, 'SELECT 2');
  const order: string[] = [];
  await Promise.all([
    slow.then(() => order.push('slow')),
    next.then(() => order.push('next')),
    engine.rows('SELECT {a:String} AS a', { params: { a: 'x' } }).then((rows) => order.push(JSON.stringify(rows))),
  ]);
  expect(order).toEqual(['[{"a":"x"}]', 'slow', 'next']);
});

test('rows have 64-bit integers as numbers, also where the server would quote them', async () => {
  const url = `${server.url}/?output_format_json_quote_64bit_integers=1`;
  await using quoting = await openRemoteEngine({ url });
  expect(await read(quoting, 'SELECT toUInt64(1) AS a FORMAT JSONEachRow')).toBe('{"a":"1"}\n');
  expect(await quoting.rows('SELECT toUInt64(1) AS a')).toEqual([{ a: 1 }]);
});

test('a failing call of rows has the code of ClickHouse', async () => {
  await expect(engine.rows('SELECT * FROM not_there')).rejects.toMatchObject({ clickhouseCode: 60 });
});

test('reports the rows read so far and the rows to read', async () => {
  const totals: number[] = [];
  const reads: number[] = [];
  await engine.run('SELECT 1; SELECT sum(sipHash64(number)) FROM numbers(120000000)', {
    onProgress: ({ readRows, totalRows, statementIndex }) => {
      expect(statementIndex).toBe(1);
      totals.push(totalRows);
      reads.push(readRows);
    },
  });
  expect(totals.at(-1)).toBe(120_000_000);
  expect(reads.at(-1)).toBeGreaterThan(reads[0] ?? Infinity);
});

test("uses the address's database, until a statement chooses another", async () => {
  await engine.run('CREATE DATABASE IF NOT EXISTS first_one; CREATE DATABASE IF NOT EXISTS `other;one`');
  await using elsewhere = await openRemoteEngine({ url: `${server.url}/first_one` });
  const where = 'SELECT currentDatabase() AS name';
  expect(await read(elsewhere, `SELECT 'use it'; ${where}`)).toBe('use it\nfirst_one\n');
  expect(await read(elsewhere, `${where}; USE \`other;one\`; ${where}`)).toBe('first_one\nother;one\n');
  expect(await read(elsewhere, where)).toBe('other;one\n');
  expect(await elsewhere.rows(where)).toEqual([{ name: 'first_one' }]);
});

test('sends the settings of the address with every statement', async () => {
  await using set = await openRemoteEngine({ url: `${server.url}/?max_threads=5` });
  expect(await read(set, "SELECT getSetting('max_threads')")).toBe('5\n');
  expect(await set.rows("SELECT getSetting('max_threads') AS n")).toEqual([{ n: 5 }]);
});

test('runs on after the session was made read-only', async () => {
  await using readOnly = await openRemoteEngine({ url: server.url });
  expect(await read(readOnly, 'SELECT 1; SET readonly = 1; SELECT 2')).toBe('1\n2\n');
  await expect(readOnly.run('CREATE TABLE no (a UInt8) ENGINE = Memory')).rejects.toMatchObject({
    clickhouseCode: 164,
  });
});
