import { afterAll, beforeAll, expect, test } from 'vitest';

import { readPage } from '../read-code-blocks.ts';
import { EmbeddingServer } from './embedding-server.ts';
import { examples, ExamplesHome } from './examples-home.ts';
import { makePhotos } from './photos.ts';
import { addVirtualEnvironment } from './virtual-environment.ts';
import { WebServer } from './web-server.ts';

let home: ExamplesHome;
let web: WebServer;
let service: EmbeddingServer;
let noPython: string | undefined;
let env: Record<string, string>;

beforeAll(async () => {
  web = await WebServer.start();
  service = await EmbeddingServer.start('sk-of-the-test');
  home = await ExamplesHome.make();
  noPython = await addVirtualEnvironment(home.home);
  await makePhotos(home.home.path);
  env = { OPENAI_API_KEY: service.key, OPENAI_BASE_URL: service.url };
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await web[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

test('the check finds nothing to say of the page’s definitions and scripts', async () => {
  const { stdout, exitCode } = await home.run(['functions', 'check']);
  expect(stdout).toBe('9 functions read, 0 errors, 0 warnings, 0 notes\n');
  expect(exitCode).toBe(0);
});

test('every script is named, and every query has its result', () => {
  const { scripts, blocks, queries } = examples;
  expect(scripts).toHaveLength(blocks.filter(({ language }) => language === 'js' || language === 'py').length);
  expect(queries).toHaveLength(blocks.filter(({ language }) => language === 'sql').length);
  expect(queries).toHaveLength(8);
});

/** The page asks the web; the test must not. */
const withLocalWeb = (sql: string): string => sql.replaceAll('https://example.com', web.url);

test.for(examples.queries)('line $line gives what the page says', async ({ sql, result }, { skip }) => {
  if (sql.includes('satisfies') && noPython !== undefined) skip(noPython);
  expect(await home.query(withLocalWeb(sql), env)).toBe(result);
});

test.for([
  ['language_of', 'Guten Morgen'],
  ['fetch_text', 'https://example.com/'],
  ['fetch_text', 'https://example.com/gone'],
  ['fetch_text_strict', 'https://example.com/'],
  ['image_info', 'no image'],
  ['image_hash', 'no image'],
  ['remote_embedding', 'a dog'],
  ['satisfies', '1.0', '>=1'],
  ['to_ascii', 'naïve'],
  ['chunks', 'a b c', '--param', 'words=2', '--param', 'overlap=1'],
])('`functions test %s %s` is content', async (words, { skip }) => {
  if (words[0] === 'satisfies' && noPython !== undefined) skip(noPython);
  const { stdout, exitCode } = await home.run(['functions', 'test', ...words.map(withLocalWeb)], env);
  expect(stdout).toMatch(/\nClickHouse would be content\.\n$/);
  expect(exitCode).toBe(0);
});

test('docs/functions.md names each example, and both pages link to sections that are there', async () => {
  const [page, overview] = await Promise.all([readPage('docs/examples.md'), readPage('docs/functions.md')]);
  const anchors = [...page.matchAll(/^## (.*)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-'));
  const linked = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, link = '']) => link);
  expect(linked(page, /\]\(#([\w-]+)\)/g)).toEqual(anchors);
  expect(linked(overview, /\]\(examples\.md#([\w-]+)\)/g)).toEqual(anchors);
});
