import { expect, test } from 'vitest';

import { parseHubUrl, parseToken } from '../../../src/models/hub/hub-access.ts';
import { readRetryAfterMs } from '../../../src/models/hub/read-retry-after.ts';
import { parseRepositoryName } from '../../../src/models/hub/repository-name.ts';

test.each([
  ['https://huggingface.co', 'https://huggingface.co'],
  ['https://huggingface.co//', 'https://huggingface.co'],
  ['http://127.0.0.1:8080/mirror/', 'http://127.0.0.1:8080/mirror'],
])('the hub %s is %s', (address, url) => {
  expect(parseHubUrl(address)).toBe(url);
});

test.each(['', 'huggingface.co', 'file:///models', 'https://me:secret@x.example', 'https://x.example/?token=secret'])(
  '%j is not a hub, and its secret is not repeated',
  (address) => {
    expect(() => parseHubUrl(address)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(() => parseHubUrl(address)).not.toThrow(/secret/);
  },
);

test('a token is what can be sent, without what surrounds it', () => {
  expect(parseToken(' hf_x\n')).toBe('hf_x');
  expect(parseToken('of-a-mirror')).toBe('of-a-mirror');
  expect([parseToken(undefined), parseToken(''), parseToken(' ')]).toEqual([undefined, undefined, undefined]);
  expect(() => parseToken('hf\r\nx')).toThrow(/^HF_TOKEN is not a token/);
});

test.each([
  [{}, 0],
  [{ 'Retry-After': '7' }, 7000],
  [{ 'Retry-After': 'Wed, 21 Oct 2015 07:28:10 GMT' }, 10_000],
  [{ 'Retry-After': 'Wed, 21 Oct 2015 07:27:00 GMT' }, 0],
  [{ 'Retry-After': 'soon' }, 0],
  // As the hub's own documentation shows it.
  [{ RateLimit: '"api";r=0;t=55' }, 55_000],
  [{ RateLimit: '"api";r=12;t=55' }, 0],
])('%j asks to wait for %i ms', (headers, waitMs) => {
  expect(readRetryAfterMs(new Headers(headers), Date.parse('2015-10-21T07:28:00Z'))).toBe(waitMs);
});

test.each([
  ['clip-vit-base-patch32', 'Xenova/clip-vit-base-patch32'],
  ['all-MiniLM-L6-v2', 'sentence-transformers/all-MiniLM-L6-v2'],
  ['owner/Some.name_2-x', 'owner/Some.name_2-x'],
])('%s means the repository %s', (name, repository) => {
  expect(parseRepositoryName(name)).toBe(repository);
});

test.each([
  'toString',
  'owner',
  'owner/',
  '/name',
  'a/b/c',
  '../x',
  'owner/..',
  'owner/a..b',
  'owner/a b',
  'owner/a?b',
  'https://huggingface.co/a/b',
])('%j is no repository', (name) => {
  expect(() => parseRepositoryName(name)).toThrow(/owner\/name/);
});
