import { cleanText } from './clean-text.ts';
import { type ModelFolder, textSpecOf } from './model-folder.ts';
import { readClipVocabulary } from './read-clip-vocabulary.ts';
import type { Tokenizer } from './tokenizer.ts';

// The reference's pattern, which it matches whatever the case: in lower-case text that matters to U+017F, which is an s.
const words = /<\|[sſ]tartoftext\|>|<\|endoftext\|>|'[sſtmd]|'re|'ve|'ll|\p{L}+|\p{N}|[^ \p{L}\p{N}]+/gu;
// And to U+0345, whose capital is a letter: the module `regex` counts it neither among letters nor symbols, so it parts
// words as white space does.
const gaps = /(?: ?\u0345)+ ?/gu;
const specialTokens = ['<|startoftext|>', '<|endoftext|>'];

/**
 * Loads the tokenizer of a CLIP's folder (`tokenizer.json`, `tokenizer_config.json`). It gives the ids of OpenAI's
 * `clip.tokenize` but for what `cleanText` leaves out: 2 to `maxTokens` of them, the first-of-text and end-of-text ids
 * included and no padding. A longer text keeps its first ids, and the last one kept is replaced by end-of-text, as the
 * reference does with `truncate=True`. `<|endoftext|>` inside a text, but not right behind a symbol, is that token, so what
 * follows it does not count.
 *
 * @throws MODEL_INVALID when a file is missing or wrong, is not laid out as CLIP's, or lacks the first-of-text or
 * end-of-text token.
 */
export async function loadClipTokenizer(folder: ModelFolder): Promise<Tokenizer> {
  const { encoder, ids: vocabulary, bosId, eosId } = await readClipVocabulary(folder);
  const keptIds = textSpecOf(folder).maxTokens - 2;
  // Twice what the ids kept can cover, so that a megabyte costs no more than a page: a symbol is no shorter than the
  // text it stands for, and where a word is cut shows in its last ids only.
  const maxLetters = 2 * keptIds * Math.max(...Array.from(vocabulary.keys(), (symbol) => symbol.length));
  const special = new Map(specialTokens.map((token) => [token, vocabulary.get(token)]));
  return {
    tokenize(text) {
      const ids = [bosId];
      for (const [word] of cleanText(text).replaceAll(gaps, ' ').slice(0, maxLetters).matchAll(words)) {
        const id = special.get(word);
        if (id === undefined) ids.push(...encoder.encode(Buffer.from(word)));
        else ids.push(id);
        if (ids.length > keptIds) break;
      }
      return [...ids.slice(0, keptIds + 1), eosId];
    },
  };
}
