import { expect, test } from 'vitest';

import { cleanText } from '../../src/models/clean-text.ts';

// Expected values are those of Python 3.11 with OpenAI's steps, `regex` standing for the module of that name:
// text = unicodedata.normalize('NFC', text), for ftfy
// regex.sub(r'\s+', ' ', html.unescape(html.unescape(text)).strip()).strip().lower()
test.each([
  ['  A\tdog \n and\u00A0a CAT ', 'a dog and a cat'],
  ['\u001C a\u001Fb\u0085c \u001E', 'a\u001Fb c'],
  ['a\uFEFFb', 'a\uFEFFb'],
  ['Tom &amp;amp; Jerry &lt;3 &#39;x&#39;', "tom & jerry <3 'x'"],
  ['&EACUTE; &notit; &am&#112;amp; &copy2 &#xD800;', '&eacute; \u00ACit; &amp; \u00A92 \uFFFD'],
  ['a&#31;&#1;&#127;&#xFFFE;&#x1FFFF;b&#128;&#0;&#13;c', 'ab\u20AC\uFFFD c'],
  ['e\u0301 e&#769; J\u030C', '\u00E9 e\u0301 j\u030C'],
  ['\u0130 \u0391\u03A3 \u03A3 \u1E9E \u212B', 'i\u0307 \u03B1\u03C2 \u03C3 \u00DF \u00E5'],
  ['', ''],
  [' \u001D ', ''],
])('cleans %j as Python does', (text, cleaned) => {
  expect(cleanText(text)).toBe(cleaned);
});
