import { Session } from 'chdb';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { openTestEngine, read } from './open-test-engine.ts';

let folder: string;
let engine: Engine;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-test-'));
  engine = await openTestEngine({ dataPath: join(folder, 'data') });
});

afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

test('runs statements in turn and joins their results', async () => {
  expect(await read(engine, "SELECT 1; SELECT 2; SHOW TABLES FROM system LIKE 'one'")).toBe('1\n2\none\n');
});

test('keeps settings, parameters and temporary tables for later calls', async () => {
  await engine.run('SET max_threads = 3; SET param_target = [0.5, 2]; CREATE TEMPORARY TABLE kept (a String)');
  await engine.run("INSERT INTO kept VALUES ('a;b'), ('c')");
  expect(
    await read(engine, "SELECT getSetting('max_threads'), {target:Array(Float32)}, (SELECT count() FROM kept)"),
  ).toBe('3\t[0.5,2]\t2\n');
});

test('answers in the format asked for unless the statement names one', async () => {
  expect(await read(engine, 'SELECT 1 AS a; SELECT 2 AS a FORMAT CSV', { format: 'JSONEachRow' })).toBe('{"a":1}\n2\n');
});

test('writes INTO OUTFILE', async () => {
  const path = join(folder, 'out.csv');
  await engine.run(`SELECT 1, 'a' INTO OUTFILE '${path}' FORMAT CSV`);
  expect(await readFile(path, 'utf8')).toBe('1,"a"\n');
});

test('gives parameters their text, whatever is in it', async () => {
  const params = { text: 'it\'s a "test",\tline 1\nline 2', list: "['a\\'b','c']", number: '-5' };
  expect(
    await read(engine, 'SELECT {text:String}, {list:Array(String)}[1], {number:Int8} FORMAT JSONCompactEachRow', {
      params,
    }),
  ).toBe('["it\'s a \\"test\\",\\tline 1\\nline 2", "a\'b", -5]\n');
});

test('refuses a parameter whose name is not a name', async () => {
  await expect(read(engine, 'SELECT 1', { params: { 'x = 1, max_threads': '1' } })).rejects.toMatchObject({
    code: 'USAGE',
  });
});

// ClickHouse splits statements too, where nothing is streamed: its results are what ours must be.
test.each([
  ['SELECT \'a;b\'; SELECT "x\\";" FROM (SELECT 1 AS "x\\";")'],
  ['SELECT $$a;b$$; SELECT $tag$x;$$y$tag$'],
  ['SELECT /* a; /* nested; */ 1 */ 2; SELECT 3 -- ; 4'],
  ['SELECT 1 # x; y\n; SELECT 2 // z;\n; SELECT 1 #! x;\n+ 1'],
  ['SELECT ‘a;b’, 1 − 1; SELECT 1 AS `a``;b`'],
  ["INSERT INTO split VALUES ('v;1'),\n('v2'); SELECT * FROM split"],
  ['INSERT INTO split FORMAT TSV\nx\ny;z\n\nSELECT * FROM split'],
  ["INSERT INTO split FORMAT Values ('f;1'); SELECT * FROM split"],
  ["INSERT INTO split SELECT concat('a', ';'); SELECT * FROM split"],
])('splits like ClickHouse: %j', async (sql) => {
  await engine.run('CREATE TABLE IF NOT EXISTS split (a String) ENGINE = Memory; TRUNCATE TABLE split');
  const ours = await read(engine, sql);
  await engine.run('TRUNCATE TABLE split');
  const session = new Session(join(folder, 'data'));
  const theirs = (await session.queryAsync(sql, { format: 'TabSeparated' })).text();
  session.close();
  expect(ours).toBe(theirs);
  expect(ours).not.toBe('');
});

test('keeps the text and the position of a syntax error', async () => {
  await expect(read(engine, 'SELECT 1; SELEC 2')).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    clickhouseCode: 62,
    clickhouseName: 'SYNTAX_ERROR',
    message: expect.stringMatching(
      /^Syntax error: failed at position 8 \(2\): 2\. Expected one of: .*SYNTAX_ERROR; statement 2 of 2\)$/s,
    ),
  });
});

test('a statement that fails leaves nothing behind for the next', async () => {
  const failing = 'SELECT throwIf(number = 100000) FROM numbers(200000) SETTINGS max_block_size = 1000';
  await expect(read(engine, failing)).rejects.toMatchObject({ clickhouseCode: 395 });
  expect(await read(engine, "SELECT 42; SHOW TABLES FROM system LIKE 'one'")).toBe('42\none\n');
});

test('streams a large result in bounded memory to a slow reader', async () => {
  let bytes = 0;
  let mostMemory = 0;
  const before = process.memoryUsage().rss;
  const output = new Writable({
    write(chunk: Uint8Array, _, done) {
      bytes += chunk.length;
      mostMemory = Math.max(mostMemory, process.memoryUsage().rss);
      if (bytes < 50_000_000) setTimeout(done, 5);
      else done();
    },
  });
  await engine.run('SELECT number FROM numbers(50000000)', { output });
  // Lengths of 0 … 49 999 999, and a newline each.
  expect(bytes).toBe(10 + 90 * 2 + 900 * 3 + 9e3 * 4 + 9e4 * 5 + 9e5 * 6 + 9e6 * 7 + 4e7 * 8 + 5e7);
  expect(mostMemory - before).toBeLessThan(300_000_000);
});

test('a reader that goes away ends the query quietly', async () => {
  const output = new PassThrough();
  output.once('data', () => output.destroy());
  await engine.run('SELECT number FROM numbers(100000000000)', { output });
  expect(await read(engine, 'SELECT 1')).toBe('1\n');
});

test('leaving the loop early ends the query', async () => {
  for await (const chunk of engine.stream('SELECT number FROM numbers(100000000000)')) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  await sleep(50);
  expect(
    await engine.rows("SELECT count() AS running FROM system.processes WHERE query LIKE '%numbers(1000%'"),
  ).toEqual([{ running: 1 }]);
});

test('a full disk is an error', async () => {
  const output = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }));
    },
  });
  await expect(engine.run('SELECT 1', { output })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
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

test('reports the rows read so far and the rows to read', async () => {
  const totals: number[] = [];
  const reads: number[] = [];
  await engine.run('SELECT 1; SELECT sum(sipHash64(number)) FROM numbers(60000000)', {
    onProgress: ({ readRows, totalRows, statementIndex }) => {
      expect(statementIndex).toBe(1);
      totals.push(totalRows);
      reads.push(readRows);
    },
  });
  expect(totals.at(-1)).toBe(60_000_000);
  expect(reads.at(-1)).toBeGreaterThan(reads[0] ?? Infinity);
});

// Last: the session stays read-only.
test('runs on after the session was made read-only', async () => {
  expect(await read(engine, 'SELECT 1; SET readonly = 1; SELECT 2')).toBe('1\n2\n');
});
