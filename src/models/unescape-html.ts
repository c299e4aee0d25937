import { decodeHTML } from 'entities';

// Those of Python's html.unescape: a name is taken to be 1 to 32 characters long, and the rest of it may be plain text.
const references = /&(?:#(?<decimal>[0-9]+);?|#[xX](?<hexadecimal>[0-9a-fA-F]+);?|[^\t\n\f <&#;]{1,32};?)/gu;
// oxlint-disable-next-line no-control-regex -- these are meant
const dropped = /[\u{1}-\u{8}\u{B}\u{E}-\u{1F}\u{7F}\u{FDD0}-\u{FDEF}]|[\u{FFFE}\u{FFFF}]/u;

/**
 * Replaces HTML's character references as Python's `html.unescape` does: as HTML 5 says, but numbers of control
 * characters (other than white space and those HTML 5 reads as Windows-1252) and of code points that are no
 * characters give nothing.
 *
 * @see https://github.com/python/cpython/blob/3.11/Lib/html/__init__.py
 */
export function unescapeHtml(text: string): string {
  return text.includes('&') ? text.replaceAll(references, unescapeReference) : text;
}

function unescapeReference(reference: string, decimal: string | undefined, hexadecimal: string | undefined): string {
  if (decimal === undefined && hexadecimal === undefined) return decodeHTML(reference);
  const codePoint = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number.parseInt(decimal, 10);
  const isNoCharacter = codePoint > 0xffff && codePoint <= 0x10_ffff && (codePoint & 0xfffe) === 0xfffe;
  if (isNoCharacter || (codePoint <= 0xffff && dropped.test(String.fromCodePoint(codePoint)))) return '';
  return decodeHTML(reference);
}
