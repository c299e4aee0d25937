import { decodeHTML } from 'entities';

// The reference collapses what Unicode calls white space (JavaScript's \s knows U+FEFF, which is none, and misses U+0085),
// but trims with Python's strip(), to which the separators U+001C to U+001F are white space too.
const whiteSpace = /\p{White_Space}+/gu;
// oxlint-disable-next-line no-control-regex -- these are meant
const ends = /^[\p{White_Space}\u{1C}-\u{1F}]+|[\p{White_Space}\u{1C}-\u{1F}]+$/gu;

/**
 * Cleans a text as OpenAI's `clip.tokenize` does before its byte pair encoding: HTML entities are decoded twice, runs
 * of white space become one space, both ends are trimmed, and letters become lower-case. The reference also repairs
 * wrongly decoded text and straightens curly quotes (Python's `ftfy`); that is not done here, nor in Hugging Face's
 * fast tokenizer.
 *
 * @see https://github.com/openai/CLIP/blob/main/clip/simple_tokenizer.py
 */
export function cleanText(text: string): string {
  const decoded = text.includes('&') ? decodeHTML(decodeHTML(text)) : text;
  return decoded.replaceAll(ends, '').replaceAll(whiteSpace, ' ').toLowerCase();
}
