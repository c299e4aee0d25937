import fc from 'fast-check';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BytePairEncoder } from '../../src/models/byte-pair-encoder.ts';
import { loadTokenizer, type Tokenizer } from '../../src/models/tokenizer.ts';
import { openModelFolder } from '../../src/models/model-folder.ts';
import { tinyClipPath } from './fixtures.ts';
import { readRecordedTexts } from './recorded-texts.ts';

// CLIP's own vocabulary (MIT) is not part of the repository; it is looked for beside it.
const vocabularyFile = '../shared/data/bpe_simple_vocab_16e6.txt.gz';
const vocabularyPath = fileURLToPath(new URL(`../../${vocabularyFile}`, import.meta.url));
const bosId = 49406;
const eosId = 49407;

describe.skipIf(!existsSync(vocabularyPath))(
  `with CLIP's vocabulary (skipped where ${vocabularyFile} is absent)`,
  () => {
    let temporary: string;
    let tokenizer: Tokenizer;
    let encoder: BytePairEncoder;

    beforeAll(async () => {
      const lines = gunzipSync(await readFile(vocabularyPath))
        .toString()
        .split('\n');
      const merges = lines.slice(1, 49152 - 256 - 2 + 1).map(splitMerge);
      const symbols = [...byteSymbols(), ...merges.map((pair) => pair.join('')), '<|startoftext|>', '<|endoftext|>'];
      const vocabulary = new Map(symbols.map((symbol, id) => [symbol, id]));
      temporary = await mkdtemp(join(tmpdir(), 'embedhouse-vocabulary-'));
      await cp(tinyClipPath, join(temporary, 'clip'), { recursive: true });
      await writeVocabulary(join(temporary, 'clip', 'tokenizer.json'), vocabulary, merges);
      tokenizer = await loadTokenizer(await openModelFolder(temporary, 'clip'));
      encoder = new BytePairEncoder({ vocabulary, merges });
    });
    afterAll(() => rm(temporary, { recursive: true }));

    test('gives every id of the reference, run without ftfy where that matters', async () => {
      const texts = await readRecordedTexts();
      expect(texts).toHaveLength(2600);
      expect(texts.filter(({ text, ids, idsWithoutFtfy = ids }) => !givesIds(text, idsWithoutFtfy))).toEqual([]);
    });

    test('differs from the reference with ftfy only where ftfy does what cleanText leaves out', async () => {
      const texts = await readRecordedTexts();
      const differing = texts.filter(({ text, ids }) => !givesIds(text, ids));
      expect(differing).toEqual(texts.filter(({ idsWithoutFtfy }) => idsWithoutFtfy !== undefined));
      expect(differing).toHaveLength(739);
      expect(texts.filter(({ ftfy }) => ftfy !== undefined)).toHaveLength(1003);
      // All of ftfy's steps but fix_surrogates, which changes no text that is well-formed.
      expect([...new Set(differing.flatMap(({ ftfy = [] }) => ftfy))].toSorted()).toEqual([
        'decode_inconsistent_utf8',
        'fix_c1_controls',
        'fix_character_width',
        'fix_encoding',
        'fix_latin_ligatures',
        'fix_line_breaks',
        'remove_control_chars',
        'remove_terminal_escapes',
        'replace_lossy_sequences',
        'restore_byte_a0',
        'uncurl_quotes',
        'unescape_html',
      ]);
    });

    test('gives a word that is cut for its length the ids that the whole word begins with', () => {
      const letters = fc.constantFrom('a', 'e', 'h', 'n', 's', 't', '\u00E9', '\u72D7', '\u0E01');
      const signs = fc.constantFrom('!', '.', '-', '=', '*', '\u2764');
      const word = fc
        .oneof(...[letters, signs].map((kind) => fc.uniqueArray(kind, { minLength: 1, maxLength: 4 })))
        .chain((few) => fc.array(fc.constantFrom(...few), { minLength: 15_000, maxLength: 25_000, size: 'max' }))
        .map((many) => many.join(''));
      fc.assert(
        fc.property(word, (text) => {
          const whole = encoder.encode(Buffer.from(text));
          expect(tokenizer.tokenize(text)).toEqual([bosId, ...whole.slice(0, 75), eosId]);
        }),
        { numRuns: 20 },
      );
    });

    function givesIds(text: string, ids: number[]): boolean {
      return tokenizer.tokenize(text).join(' ') === ids.join(' ');
    }
  },
);

function splitMerge(line: string): [string, string] {
  const [left = '', right = ''] = line.split(' ');
  return [left, right];
}

/** Gives the first 512 symbols in the reference's order: each byte inside a word, visible ones first, then at its end. */
function byteSymbols(): string[] {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const visible = bytes.filter((byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174);
  const standIns = Array.from({ length: 256 - visible.length }, (_, index) => 256 + index);
  const letters = [...visible, ...standIns].map((code) => String.fromCodePoint(code));
  return [...letters, ...letters.map((letter) => `${letter}</w>`)];
}

/** Puts a vocabulary into a `tokenizer.json` that is laid out as the hub publishes CLIP's. */
async function writeVocabulary(path: string, vocabulary: Map<string, number>, merges: string[][]): Promise<void> {
  const definition = JSON.parse(await readFile(path, 'utf8'));
  for (const token of definition.added_tokens) token.id = vocabulary.get(token.content);
  definition.model.vocab = Object.fromEntries(vocabulary);
  definition.model.merges = merges.map((pair) => pair.join(' '));
  await writeFile(path, JSON.stringify(definition));
}
