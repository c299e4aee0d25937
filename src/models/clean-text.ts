import { unescapeHtml } from './unescape-html.ts';

// The reference collapses what Unicode calls white space (JavaScript's \s knows U+FEFF, which is none, and misses U+0085),
// but trims with Python's strip(), to which the separators U+001C to U+001F are white space too.
const whiteSpace = /\p{White_Space}+/gu;
// The lookbehind keeps a long run inside the text from being tried from each of its characters.
// oxlint-disable-next-line no-control-regex -- these are meant
const ends = /^[\p{White_Space}\u{1C}-\u{1F}]+|(?<![\p{White_Space}\u{1C}-\u{1F}])[\p{White_Space}\u{1C}-\u{1F}]+$/gu;

// Composing sorts a run of marks in quadratic time: a megabyte of them would take minutes, in the reference too.
const keptMarks = 2000;
const markRuns = /\p{M}{2,}/gu;

/**
 * Cleans a text as OpenAI's `clip.tokenize` does before its byte pair encoding: letters and their combining marks are
 * composed (NFC), HTML entities are decoded twice, runs of white space become one space, both ends are trimmed, and
 * letters become lower-case. Of a run of combining marks the first 2 000 count, which are more than a model reads.
 * Letters newer than the runtime's Unicode are taken for symbols.
 *
 * Of Python's `ftfy`, which the reference calls first, only the composing is done. Its other steps, which Hugging
 * Face's fast tokenizers leave out too, are not:
 * - `fix_encoding`: repairs text decoded in a wrong encoding (`sÃ³` is ó), with `restore_byte_a0`,
 *   `replace_lossy_sequences`, `decode_inconsistent_utf8` and `fix_c1_controls` (U+0080 to U+009F as Windows-1252);
 * - `unescape_html`: decodes entities once more, and ones in capitals (`&EACUTE;`), where a line has no `<`;
 * - `fix_latin_ligatures`: takes `ﬁ`, `ĳ` and the like apart;
 * - `fix_character_width`: gives full-width and half-width forms their ordinary width;
 * - `uncurl_quotes`: makes typographic quotes and apostrophes plain ones;
 * - `fix_line_breaks`: makes `\r`, U+2028 and U+2029 a line feed, which are white space to CLIP anyway;
 * - `fix_surrogates`: joins halves of surrogate pairs; one alone becomes U+FFFD, which is what this tokenizer does;
 * - `remove_terminal_escapes`, `remove_control_chars`: drop terminal colours, control characters, U+206A to U+206F, U+FEFF
 *   and U+FFF9 to U+FFFC.
 *
 * @see https://github.com/openai/CLIP/blob/main/clip/simple_tokenizer.py
 * @see https://ftfy.readthedocs.io/en/latest/config.html
 */
export function cleanText(text: string): string {
  const bounded = text.length > keptMarks ? text.replaceAll(markRuns, (run) => run.slice(0, keptMarks)) : text;
  const unescaped = unescapeHtml(unescapeHtml(bounded.normalize('NFC')));
  return unescaped.replaceAll(ends, '').replaceAll(whiteSpace, ' ').toLowerCase();
}
