import { decodeHTML } from 'entities';

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
  // JavaScript's \s and trim() know U+FEFF and miss U+0085, unlike Unicode and Python.
  return decoded
    .replaceAll(/\p{White_Space}+/gu, ' ')
    .replaceAll(/^ | $/g, '')
    .toLowerCase();
}
