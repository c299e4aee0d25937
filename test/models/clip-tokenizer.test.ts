import fc from 'fast-check';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../src/models/tokenizer.ts';
import { openModelFolder } from '../../src/models/model-folder.ts';
import { readRecordedTexts } from './recorded-texts.ts';
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

  test.each([
    ['letters without a space', 'ab'.repeat(500_000)],
    ['combining marks', `a${'\u0301\u0323'.repeat(500_000)}`],
    ['ampersands', '&'.repeat(1_000_000)],
  ])('answers for a megabyte of %s', (_, text) => {
    expect(tokenizer.tokenize(text)).toHaveLength(77);
  });

  test('answers for a megabyte of spaces between two words', () => {
    expect(tokenizer.tokenize(`a${' '.repeat(1_000_000)}dog`)).toEqual(tokenizer.tokenize('a dog'));
  });

  test('gives 2 to 77 ids from first-of-text to end-of-text for any text', async () => {
    const [bosId, eosId] = tokenizer.tokenize('');
    const recorded = await readRecordedTexts();
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.array(fc.constantFrom(...recorded.map(({ text }) => text)), { maxLength: 5 }).map((texts) => texts.join('')),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = tokenizer.tokenize(text);
        expect(ids.length).toBeGreaterThanOrEqual(2);
        expect(ids.length).toBeLessThanOrEqual(77);
        expect([ids.at(0), ids.at(-1)]).toEqual([bosId, eosId]);
        // End-of-text has the greatest id.
        expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id <= Number(eosId))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('takes half of a surrogate pair as the replacement character', () => {
    expect(tokenizer.tokenize('a\uD83D b')).toEqual(tokenizer.tokenize('a\uFFFD b'));
  });
});

describe('loadTokenizer', () => {
  function changeTokenizer(model: object): (text: string) => string {
    return (text) => {
      const definition = JSON.parse(text);
      return JSON.stringify({ ...definition, model: { ...definition.model, ...model } });
    };
  }

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

  test('takes merges in either notation', async () => {
    await copyWith('pairs', 'tokenizer.json', (text) => {
      const { merges }: { merges: string[] } = JSON.parse(text).model;
      return changeTokenizer({ merges: merges.map((merge) => merge.split(' ')) })(text);
    });
    const other = await loadTokenizer(await openModelFolder(temporary, 'pairs'));
    expect(other.tokenize('the photographer')).toEqual(tokenizer.tokenize('the photographer'));
  });

  test.each([
    ['cut', 'tokenizer.json', (text: string) => text.slice(0, 100), /tokenizer\.json is not valid JSON/],
    ['empty', 'tokenizer.json', () => '{}', /tokenizer\.json: field model is wrong/],
    [
      'word-pieces',
      'tokenizer.json',
      changeTokenizer({ type: 'WordPiece' }),
      /field model\.type is wrong \(only the layout of CLIP/,
    ],
    [
      'no-suffix',
      'tokenizer.json',
      changeTokenizer({ end_of_word_suffix: null }),
      /field model\.end_of_word_suffix is wrong/,
    ],
    ['broken-merge', 'tokenizer.json', changeTokenizer({ merges: ['a'] }), /field model\.merges\.0 is wrong/],
    [
      'no-symbol',
      'tokenizer.json',
      changeTokenizer({ merges: ['a ?'] }),
      /not a whole byte pair encoding \(the vocabulary lacks 'a\?'\)/,
    ],
    [
      'other-words',
      'tokenizer.json',
      (text: string) => text.replace("'s|'t", "'s|'T"),
      /field pre_tokenizer\..*\.Regex is wrong/,
    ],
    [
      'cased',
      'tokenizer.json',
      (text: string) => text.replace('"Lowercase"', '"Strip"'),
      /field normalizer\.normalizers is wrong/,
    ],
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
