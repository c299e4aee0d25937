import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { EmbeddingServer } from './embedding-server.ts';
import { ExamplesHome } from './examples-home.ts';

const key = 'sk-test-2f7c9d81e4';

let home: ExamplesHome;
let service: EmbeddingServer;
let env: { OPENAI_API_KEY: string; OPENAI_BASE_URL: string };

beforeAll(async () => {
  service = await EmbeddingServer.start(key);
  home = await ExamplesHome.make();
  env = { OPENAI_API_KEY: key, OPENAI_BASE_URL: service.url };
});

afterEach(() => {
  service.requests.length = 0;
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

test('each text gets its own vector, in whatever order the service answers', async () => {
  const sql = `
    SELECT countIf(length(v) = 1536 AND v[1] = length(text) AND char(v[2]::UInt8) = left(text, 1)), count()
    FROM (
      SELECT text, remote_embedding(text) AS v
      FROM (SELECT char(97 + number % 26) || repeat('x', number) AS text FROM numbers(600))
    )`;
  expect(await home.query(sql, env)).toBe('600\t600\n');
  expect(service.requests.map(({ input }) => input.length)).toEqual([256, 256, 88]);
  expect(new Set(service.requests.map(({ model }) => model))).toEqual(new Set(['text-embedding-3-small']));
});

test('a text that is there often is sent once, an empty one never', async () => {
  const sql = `SELECT sum(length(remote_embedding(if(number % 2 = 0, 'even', ''))) AS n), countIf(n = 0) FROM numbers(100)`;
  expect(await home.query(sql, env)).toBe('76800\t50\n');
  expect(service.requests.map(({ input }) => input)).toEqual([['even']]);
  expect(await home.query(`SELECT remote_embedding('')`, env)).toBe('[]\n');
  expect(service.requests).toHaveLength(1);
});

test('a service that refuses for a while is asked again', async () => {
  service.refusals = 3;
  expect(await home.query(`SELECT length(remote_embedding('a dog'))`, env)).toBe('1536\n');
  expect(service.requests).toHaveLength(4);
});

test('without a key the error says so, and nothing is sent', async () => {
  const line = await home.failingQuery(`SELECT remote_embedding('a dog')`, { OPENAI_BASE_URL: service.url });
  expect(line).toMatch(/function 'remote_embedding' failed at row 1 .*: Error: OPENAI_API_KEY is not set/);
  expect(service.requests).toEqual([]);
});

test('a service that refuses the key repeats it, and the error does not', async () => {
  const wrong = 'sk-mistyped-91ab';
  const line = await home.failingQuery(`SELECT remote_embedding('a dog')`, { ...env, OPENAI_API_KEY: wrong });
  expect(line).toContain('Incorrect API key provided: (the key). Find yours in your account.');
  expect(line).not.toContain(wrong);
  const tested = await home.run(['functions', 'test', 'remote_embedding', 'a dog'], { ...env, OPENAI_API_KEY: wrong });
  expect(tested.exitCode).toBe(1);
  expect(tested.stdout).toContain('yours in your account.');
  expect(tested.stdout + tested.stderr).not.toContain(wrong);
});

test.each([
  ['fail:400', 'maximum context length is 8192 tokens'],
  ['fail:html', '404'],
  ['fail:short', '1 vectors came for 2 texts'],
])('%s: the error says why', async (text, reason) => {
  const sql = `SELECT remote_embedding(text) FROM values('text String', 'a dog', '${text}')`;
  const line = await home.failingQuery(sql, env);
  expect(line).toContain("function 'remote_embedding' failed at rows 1 to 2: ");
  expect(line).toContain(reason);
  expect(line).not.toContain(key);
});

test('a service that is gone is an error that says where it was looked for', async () => {
  const gone = await EmbeddingServer.start(key);
  await gone[Symbol.asyncDispose]();
  const line = await home.failingQuery(`SELECT remote_embedding('a dog')`, { ...env, OPENAI_BASE_URL: gone.url });
  expect(line).toContain(`connect ECONNREFUSED ${new URL(gone.url).host}`);
  expect(line).not.toContain(key);
});

test.skipIf(process.platform !== 'linux')(
  'whoever can run SQL on the embedded engine can read the key, as the page warns (skipped where there is no /proc)',
  async () => {
    const sql = `SELECT count() FROM file('/proc/self/environ', LineAsString) WHERE line LIKE '%${key}%'`;
    expect(await home.query(sql, env)).toBe('1\n');
  },
);
