import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../src/models/clip-tokenizer.ts';
import { openModelFolder } from '../../src/models/model-folder.ts';
import { modelsPath, readExpected, tinyClipPath } from './fixtures.ts';

const expected = await readExpected();
const folder = await openModelFolder(modelsPath, 'tiny-clip');
let tokenizer: Tokenizer;
let temporary: string;

beforeAll(async () => {
  tokenizer = await loadTokenizer(folder);
  temporary = await mkdtemp(join(tmpdir(), 'embedhouse-tokenizer-'));
});
afterAll(() => rm(temporary, { recursive: true }));

describe('tokenize', () => {
  test.each(expected.texts)('gives the ids of the reference for $title', ({ text, ids }) => {
    expect(tokenizer.tokenize(text)).toEqual(ids);
  });

  test('gives first-of-text and end-of-text for an empty text', () => {
    const ids = tokenizer.tokenize('');
    expect(ids).toHaveLength(2);
    expect(tokenizer.tokenize(' \n ')).toEqual(ids);
  });

  test('keeps 77 ids of a longer text, the last one end-of-text', () => {
    const [bosId, eosId] = tokenizer.tokenize('');
    const ids = tokenizer.tokenize('word '.repeat(500));
    expect(ids).toHaveLength(77);
    expect(ids.at(0)).toBe(bosId);
    expect(ids.at(-1)).toBe(eosId);
    expect(ids.slice(1, -1)).not.toContain(eosId);
  });

  test('answers for a megabyte of letters without a space', () => {
    expect(tokenizer.tokenize('ab'.repeat(500_000))).toHaveLength(77);
  });

  test('takes half of a surrogate pair as the replacement character', () => {
    expect(tokenizer.tokenize('a\uD83D b')).toEqual(tokenizer.tokenize('a\uFFFD b'));
  });
});

describe('loadTokenizer', () => {
  async function copyWith(name: string, file: string, change: (text: string) => string): Promise<void> {
    await cp(tinyClipPath, join(temporary, name), { recursive: true });
    const path = join(temporary, name, file);
    await writeFile(path, change(await readFile(path, 'utf8')));
  }

  test('takes the special tokens from tokenizer_config.json in either notation', async () => {
    await copyWith('objects', 'tokenizer_config.json', () =>
      JSON.stringify({ bos_token: { content: '<|startoftext|>' }, eos_token: { content: '<|endoftext|>' } }),
    );
    const other = await loadTokenizer(await openModelFolder(temporary, 'objects'));
    expect(other.tokenize('a dog')).toEqual(tokenizer.tokenize('a dog'));
  });

  test.each([
    ['cut', 'tokenizer.json', (text: string) => text.slice(0, 100), /tokenizer\.json is not valid JSON/],
    ['empty', 'tokenizer.json', () => '{}', /tokenizer\.json: field model is wrong/],
    ['no-bos', 'tokenizer_config.json', () => '{"bos_token":"<s>"}', /tokenizer\.json has no token '<s>'/],
  ])('names the file and the field when they are wrong: %s', async (name, file, change, message) => {
    await copyWith(name, file, change);
    const opened = await openModelFolder(temporary, name);
    await expect(loadTokenizer(opened)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
