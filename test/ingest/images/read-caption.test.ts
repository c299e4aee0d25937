import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { readCaption } from '../../../src/ingest/images/read-caption.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-caption-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

test.each([
  ['a text without the line’s end', 'a.txt', ' a dog\nand "a cat" \r\n', 'a dog\nand "a cat"'],
  ['a text without its byte order mark', 'b.txt', '\uFEFFün 🐈', 'ün 🐈'],
  ['nothing of an empty text', 'c.txt', '', ''],
  // As img2dataset writes it.
  [
    'the caption of JSON',
    'd.json',
    '{"url":"http://x/1.jpg","key":"000","status":"success","caption":"a dog"}',
    'a dog',
  ],
  ['half of a surrogate pair as a table can hold it', 'e.json', String.raw`{"caption":"\ud83d"}`, '\uFFFD'],
  ['nothing of a caption that is null', 'f.json', '{"caption":null}', ''],
  ['nothing of JSON of something else', 'g.json', '[{"caption":"x"}]', ''],
])('reads %s', async (_, name, content, caption) => {
  await writeFile(join(folder, name), content);
  expect(await readCaption(join(folder, name))).toEqual({ caption });
});

test.each([
  ['is not UTF-8', 'h.txt', async (path: string) => writeFile(path, Buffer.from([0x63, 0xe9]))],
  ['has 2000000 bytes', 'i.txt', async (path: string) => writeFile(path, 'x'.repeat(2_000_000))],
  ['is not JSON', 'j.json', async (path: string) => writeFile(path, 'a dog')],
  ['EISDIR|is no file', 'k.txt', async (path: string) => mkdir(path)],
  ['is no file', 'l.txt', async (path: string) => execa('mkfifo', [path])],
  ['ENOENT', 'm.txt', async () => {}],
])('says that a file %s', async (reason, name, make) => {
  const path = join(folder, name);
  await make(path);
  expect(await readCaption(path)).toEqual({ reason: expect.stringMatching(reason) });
});
