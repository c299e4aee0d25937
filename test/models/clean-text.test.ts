import { expect, test } from 'vitest';

import { cleanText } from '../../src/models/clean-text.ts';

// Expected values are those of Python 3.11 with OpenAI's steps, `regex` standing for the module of that name:
// regex.sub(r'\s+', ' ', html.unescape(html.unescape(text)).strip()).strip().lower()
test.each([
  ['  A\tdog \n and\u00A0a CAT ', 'a dog and a cat'],
  ['\u001C a\u001Fb\u0085c \u001E', 'a\u001Fb c'],
  ['a\uFEFFb', 'a\uFEFFb'],
  ['Tom &amp;amp; Jerry &lt;3 &#39;x&#39;', "tom & jerry <3 'x'"],
  ['', ''],
  [' \u001D ', ''],
])('cleans %j as Python does', (text, cleaned) => {
  expect(cleanText(text)).toBe(cleaned);
});
