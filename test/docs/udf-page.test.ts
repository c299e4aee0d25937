import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { checkFunctions } from '../../src/functions/check-functions.ts';
import { openTestEngine, read } from '../engine/open-test-engine.ts';
import { KitHome } from '../udf/kit-home.ts';
import { addExamples, readPageExamples } from './page-examples.ts';

const examples = await readPageExamples('docs/udf.md');

let home: KitHome;
let engine: Engine;

beforeAll(async () => {
  home = await KitHome.make();
  await addExamples(home, examples);
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
  const { scripts, blocks } = examples;
  expect(scripts).toHaveLength(blocks.filter(({ language }) => language === 'js' || language === 'py').length);
});

test.each(examples.queries)('line $line gives what the page says', async ({ sql, result }) => {
  expect(await read(engine, sql)).toBe(result);
});
