import { expect, test } from 'vitest';
import { splitStatements } from '../../src/engine/split-statements.ts';

test.each([
  ['one statement', 'SELECT 1', ['SELECT 1']],
  ['a trailing semicolon', 'SELECT 1;', ['SELECT 1']],
  ['two statements', 'SELECT 1; SELECT 2', ['SELECT 1', ' SELECT 2']],
  ['nothing', '', []],
  ['semicolons, space and comments alone', ';; -- a\n /* b; */ ;', []],
])('separates %s', (_, sql, statements) => {
  expect(splitStatements(sql)).toEqual(statements);
});

test.each([
  ["'a;b'"],
  ["'it''s; \\'; \\\\'"],
  ['"a\\";b"'],
  ['`a``;b`'],
  ['‘a;b’'],
  ['$$a;b$$'],
  ['$tag$ a; $$; $other$ $tag$'],
  ['/* a; /* b; */ c; */ 1'],
  ['-- a;\n1'],
  ['# a;\n1'],
  ['#! a;\n1'],
  ['// a;\n1'],
])('leaves the semicolons in %s alone', (token) => {
  expect(splitStatements(`SELECT ${token}; SELECT 2`)).toEqual([`SELECT ${token}`, ' SELECT 2']);
});

test.each([
  ['ends with the text', 'INSERT INTO t FORMAT TSV\na;b\nc', ['INSERT INTO t FORMAT TSV\na;b\nc']],
  [
    'ends at an empty line',
    'insert into t format TSV\na;b\n\nSELECT 1',
    ['insert into t format TSV\na;b\n', '\nSELECT 1'],
  ],
  ['is absent', 'INSERT INTO t FORMAT TSV; SELECT 1', ['INSERT INTO t FORMAT TSV', ' SELECT 1']],
  ['is VALUES', "INSERT INTO t VALUES ('a;b'), (2); SELECT 1", ["INSERT INTO t VALUES ('a;b'), (2)", ' SELECT 1']],
  [
    'is FORMAT Values',
    "INSERT INTO t FORMAT Values ('a;b'); SELECT 1",
    ["INSERT INTO t FORMAT Values ('a;b')", ' SELECT 1'],
  ],
  [
    'is a SELECT',
    'INSERT INTO t SELECT format(1) FORMAT x; SELECT 1',
    ['INSERT INTO t SELECT format(1) FORMAT x', ' SELECT 1'],
  ],
  [
    'is a file',
    "INSERT INTO t FROM INFILE 'f' FORMAT CSV; SELECT 1",
    ["INSERT INTO t FROM INFILE 'f' FORMAT CSV", ' SELECT 1'],
  ],
  [
    'follows a column named format',
    'INSERT INTO t (format, b) SELECT 1, 2; SELECT 1',
    ['INSERT INTO t (format, b) SELECT 1, 2', ' SELECT 1'],
  ],
])("finds the end of an INSERT's data that %s", (_, sql, statements) => {
  expect(splitStatements(sql)).toEqual(statements);
});

test('a quote that is not closed runs into the rest, for ClickHouse to complain about', () => {
  expect(splitStatements("SELECT 'a")).toEqual(["SELECT 'a"]);
});

test('takes an INSERT of many megabytes', () => {
  const values = `INSERT INTO t VALUES ('${'x;'.repeat(8_000_000)}')`;
  expect(splitStatements(`${values}; SELECT 1`)).toEqual([values, ' SELECT 1']);
});
