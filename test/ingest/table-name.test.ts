import { expect, test } from 'vitest';

import { parseTableName } from '../../src/ingest/table-name.ts';

test.each([
  ['laion', { database: undefined, name: 'laion' }],
  ['images.laion', { database: 'images', name: 'laion' }],
  ['`my.images`.`la``ion`', { database: 'my.images', name: 'la`ion' }],
  ['`laion`', { database: undefined, name: 'laion' }],
])('reads %s as SQL would', (given, expected) => {
  expect(parseTableName(given)).toEqual(expected);
});

test.each(['', '.laion', 'images.', 'a.b.c', '``'])("refuses '%s'", (given) => {
  expect(() => parseTableName(given)).toThrow(`'${given}' is no table's name: expected table or database.table`);
});
