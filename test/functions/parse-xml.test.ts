import { expect, test } from 'vitest';

import { parseXml } from '../../src/functions/parse-xml.ts';

test('gives each element its line and column, text and children', () => {
  const parsed = parseXml('<?xml version="1.0"?>\r\n<!-- <no/> -->\r\n<a>\r\n  <b x="1"> one <c/>two</b>\r\n</a>\r\n');
  expect(parsed).toMatchObject({
    root: {
      name: 'a',
      line: 3,
      column: 1,
      children: [
        {
          name: 'b',
          line: 4,
          column: 3,
          text: ' one two',
          attributes: { x: '1' },
          children: [{ name: 'c', line: 4, column: 17, text: '', children: [] }],
        },
      ],
    },
  });
});

test('decodes entities, character references and sections', () => {
  const parsed = parseXml('<a>&lt;&amp;lt;&#65;&#x42;<![CDATA[<&lt;]]>&quot;&apos;&gt;</a>');
  expect(parsed).toMatchObject({ root: { text: '<&lt;AB<&lt;"\'>' } });
});

test.for([
  ['a tag that another closes', '<a>\n <b>\n</a>', 3],
  ['a tag that nothing closes', '\n<a>', 2],
  ['an attribute without quotes', '<a>\n<b c=1/></a>', 2],
  ['an attribute given twice', '<a\n b="1" b="2"/>', 2],
  ['a bare ampersand', '<a>\n\nx & y</a>', 3],
  ['an entity that nobody defined', '<a>\n&nbsp;</a>', 2],
  ['a character reference that XML forbids', '<a>\n&#27;</a>', 2],
  ['two dashes in a comment', '<a>\n<!-- x\n -- y --></a>', 3],
  ['a comment that ends with three dashes', '<a>\n<!-- x ---></a>', 2],
  ['the end of a section without its begin', '<a>\n]]></a>', 2],
  ['a control character', '<a>\n\u0001</a>', 2],
  ['text after the outermost element', '<a></a>\njunk', 2],
  ['a second outermost element', '<a></a>\n<b/>', 2],
  ['no element at all', '<!-- nothing -->', 1],
  ['a comment that nothing closes', '<a/>\n<!-- x', 1],
] as const)('finds %s, and its line', ([, text, line]) => {
  expect(parseXml(text)).toMatchObject({ fault: { line } });
});
