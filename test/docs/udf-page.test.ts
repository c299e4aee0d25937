import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { checkFunctions } from '../../src/functions/check-functions.ts';
import { openTestEngine, read } from '../engine/open-test-engine.ts';
import { KitHome } from '../udf/kit-home.ts';
import { readCodeBlocks } from './read-code-blocks.ts';

const blocks = (await readCodeBlocks()).filter(({ file }) => file === 'docs/udf.md');
const scripts = blocks.flatMap(({ code }) => {
  const name = /^#!.*\n(?:\/\/|#) user_scripts\/(?<name>\S+)\n/.exec(code)?.groups?.['name'];
  return name === undefined ? [] : [{ name, code }];
});
/** Each statement has its result after it. */
const queries = blocks.flatMap(({ language, code, line }, index) => {
  const next = blocks[index + 1];
  return language === 'sql' && next?.language === 'text' ? [{ line, sql: code, result: next.code }] : [];
});

let home: KitHome;
let engine: Engine;

beforeAll(async () => {
  home = await KitHome.make();
  for (const { name, code } of scripts) await home.addFile(`user_scripts/${name}`, code, 0o755);
  for (const { language, line, code } of blocks) {
    if (language === 'xml') await home.addFile(`functions/line${line}_function.xml`, code);
  }
  engine = await openTestEngine(home);
});

afterAll(async () => {
  await engine.close();
  await home[Symbol.asyncDispose]();
});

test('the page’s definitions pass the check with the page’s scripts', async () => {
  const { functionsPath, userScriptsPath } = home;
  const { problems, definitions } = await checkFunctions({
    functionsPath,
    userScriptsPath,
    searchPath: process.env['PATH'] ?? '',
  });
  expect(problems).toEqual([]);
  expect(definitions.length).toBeGreaterThan(5);
});

test('every script of the page is named', () => {
  expect(scripts).toHaveLength(blocks.filter(({ language }) => language === 'js' || language === 'py').length);
});

test.each(queries)('line $line gives what the page says', async ({ sql, result }) => {
  expect(await read(engine, sql)).toBe(result);
});
