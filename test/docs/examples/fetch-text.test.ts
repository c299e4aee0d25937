import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { examples, ExamplesHome } from './examples-home.ts';
import { WebServer } from './web-server.ts';

/** Node forgets a deadline that only a signal combined of others holds, once it collects its garbage. */
const collectOften = `
  import { setFlagsFromString } from 'node:v8';
  import { runInNewContext } from 'node:vm';
  setFlagsFromString('--expose-gc');
  setInterval(runInNewContext('gc'), 50).unref();`;

let home: ExamplesHome;
let web: WebServer;

beforeAll(async () => {
  home = await ExamplesHome.make();
  const { code = '' } = examples.scripts.find(({ name }) => name === 'fetch_text.mjs') ?? {};
  const definition = examples.definitions.find((block) => block.code.includes('fetch_text.mjs strict'))?.code ?? '';
  const hasty = definition.replaceAll('fetch_text', 'fetch_hastily');
  await home.home.addFile('user_scripts/fetch_hastily.mjs', code.replace('timeout(30_000)', 'timeout(1000)'), 0o755);
  await home.home.addFile('functions/hasty_function.xml', hasty);
  await home.home.addFile('collect.mjs', collectOften);
});

beforeAll(async () => {
  web = await WebServer.start();
});

afterEach(() => {
  web.requests.clear();
  web.mostAtOnce = 0;
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await web[Symbol.asyncDispose]();
});

const fetched = (path: string): string => `SELECT fetch_text_strict('${web.url}${path}') AS text`;

test('a server that fails twice is asked a third time', async () => {
  expect(await home.query(fetched('/flaky'))).toBe('at last\n');
  expect(web.count('/flaky')).toBe(3);
});

test('a server that is busy is asked again when it said', async () => {
  expect(await home.query(fetched('/busy'))).toBe('served\n');
  const [first = 0, second = 0] = web.requests.get('/busy') ?? [];
  // Without `Retry-After` it would be 0.3 s at most.
  expect(second - first).toBeGreaterThan(900);
});

test('a page that is not there is asked for once', async () => {
  expect(await home.query(`SELECT fetch_text('${web.url}/gone') IS NULL`)).toBe('1\n');
  expect(web.count('/gone')).toBe(1);
});

test('all threads and queries together fetch eight pages at a time', async () => {
  const sql = `
    SELECT countIf(text = '/row/' || n::String)
    FROM (SELECT number AS n, fetch_text('${web.url}/row/' || number::String) AS text FROM numbers_mt(48))
    SETTINGS max_threads = 4, max_block_size = 12`;
  expect(await home.query(sql)).toBe('48\n');
  expect(web.mostAtOnce).toBe(8);
});

test('redirects are followed, and an empty answer is an empty text', async () => {
  expect(await home.query(fetched('/moved'))).toContain('A page');
  expect(await home.query(fetched('/empty'))).toBe('\n');
});

test('NULL, empty texts, and what LIMIT leaves out are not fetched; a constant is once', async () => {
  const sql = `
    SELECT fetch_text_strict(url) FROM values('url Nullable(String)', NULL, '');
    SELECT fetch_text('${web.url}/row/' || number::String) FROM numbers(100) LIMIT 2;
    SELECT count() FROM numbers(100) WHERE fetch_text('${web.url}/') != ''`;
  expect(await home.query(sql)).toBe('\\N\n\\N\n/row/0\n/row/1\n100\n');
  expect(Object.fromEntries([...web.requests].map(([path, times]) => [path, times.length]))).toEqual({
    '/row/0': 1,
    '/row/1': 1,
    '/': 1,
  });
});

test('a LowCardinality column, for which ClickHouse may add an empty text, is fetched', async () => {
  const sql = `
    SELECT fetch_text_strict(url)
    FROM (SELECT toLowCardinality('${web.url}/row/' || number::String) AS url FROM numbers(2))`;
  expect(await home.query(sql)).toBe('/row/0\n/row/1\n');
});

test('a page of 1 MB is fetched; of a longer one no more is read than that', async () => {
  expect(await home.query(`SELECT length(text) FROM (${fetched('/largest')})`)).toBe('1000000\n');
  const sql = `SELECT fetch_text('${web.url}/large') IS NULL, fetch_text('${web.url}/endless') IS NULL`;
  expect(await home.query(sql)).toBe('1\t1\n');
  await web.endlessLeft;
  expect(await home.failingQuery(fetched('/large'))).toContain('the answer has more than 1000000 bytes');
});

test('one that fails is NULL among the others', async () => {
  const sql = `SELECT fetch_text(url) FROM values('url String', '${web.url}/row/1', '${web.url}/gone', '${web.url}/row/2')`;
  expect(await home.query(sql)).toBe('/row/1\n\\N\n/row/2\n');
});

test('the strict function ends the query, with the row, its URL and the reason', async () => {
  const line = await home.failingQuery(
    `SELECT fetch_text_strict(url) FROM values('url String', '${web.url}/', '${web.url}/gone')`,
  );
  expect(line).toContain(`function 'fetch_text_strict' failed at row 2 ("${web.url}/gone"): `);
  expect(line).toContain('404');
});

test('a server that is gone is NULL, or an error that says so', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo; // That of a port, and not of a pipe.
  closed.close();
  await once(closed, 'close');
  const url = `http://127.0.0.1:${port}/`;
  expect(await home.query(`SELECT fetch_text('${url}') IS NULL`)).toBe('1\n');
  expect(await home.failingQuery(`SELECT fetch_text_strict('${url}')`)).toContain(
    `connect ECONNREFUSED 127.0.0.1:${port}`,
  );
  const { stdout } = await home.run(['functions', 'test', 'fetch_text', url]);
  expect(stdout).toContain(`${url}: connect ECONNREFUSED 127.0.0.1:${port}`);
});

test('a page that never ends fails at the row’s deadline, here 1 s', async () => {
  const env = { NODE_OPTIONS: `--import=${join(home.home.path, 'collect.mjs')}` };
  const line = await home.failingQuery(`SELECT fetch_hastily_strict('${web.url}/stalled')`, env);
  expect(line).toContain('aborted due to timeout');
});

test.each(['file:///etc/hostname', 'data:,x', 'ftp://127.0.0.1/'])('%s is not fetched', async (url) => {
  expect(await home.query(`SELECT fetch_text('${url}') IS NULL`)).toBe('1\n');
  expect(await home.failingQuery(`SELECT fetch_text_strict('${url}')`)).toContain('only http and https URLs');
});

test('what is no URL is NULL, or an error with its row', async () => {
  expect(await home.query(`SELECT fetch_text('nonsense') IS NULL`)).toBe('1\n');
  expect(await home.failingQuery(`SELECT fetch_text_strict('nonsense')`)).toMatch(
    /row 1 \("nonsense"\): .*Invalid URL/,
  );
});
