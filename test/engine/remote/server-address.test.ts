import { expect, test } from 'vitest';

import { parseServerAddress } from '../../../src/engine/remote/server-address.ts';

test('reads user, password, database and settings, and their escapes', () => {
  expect(parseServerAddress('https://me%40work:p%2Fw%3A@host:8443/my%20db?max_threads=3&log_comment=a%26b')).toEqual({
    origin: 'https://host:8443',
    user: 'me@work',
    password: 'p/w:',
    database: 'my db',
    settings: { max_threads: '3', log_comment: 'a&b' },
  });
  expect(parseServerAddress('http://[::1]:8123/')).toMatchObject({ origin: 'http://[::1]:8123', user: 'default' });
});

test('takes the password from beside the address where that has none', () => {
  expect(parseServerAddress('http://me@host:8123', 'secret').password).toBe('secret');
  expect(parseServerAddress('http://me:own@host:8123', 'secret').password).toBe('own');
});

test.each([
  'host:8123',
  'ftp://host',
  '',
  'http://',
  'http://host:8123/one/two',
  'http://me:secret#word@host:8123/',
  'http://me:secret%zz@host:8123/',
  'me:secret@host',
])('refuses %j without a word of its password', (address) => {
  const failure = (() => {
    try {
      return parseServerAddress(address);
    } catch (error) {
      return error;
    }
  })();
  expect(failure).toMatchObject({ code: 'USAGE', message: expect.not.stringContaining('secret') });
});
