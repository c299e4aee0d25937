import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { errorCodes } from '../../src/errors/error-codes.ts';
import { Consumer } from '../api/consumer.ts';
import { fixturesPath, imagesPath, TestRuntime } from '../host/hosted-function.ts';
import { readCodeBlocks, readPage } from './read-code-blocks.ts';

/** What the page's models are here. */
const models = { 'all-MiniLM-L6-v2': 'tiny-bert-mean', 'clip-vit-base-patch32': 'tiny-clip' };

let runtime: TestRuntime;
let consumer: Consumer;

const blocks = (await readCodeBlocks()).filter(({ language }) => language === 'ts');
const nameOf = (index: number): string => `block-${index}.ts`;

beforeAll(async () => {
  runtime = new TestRuntime();
  const path = join(runtime.folder, 'project');
  mkdirSync(join(path, 'photos'), { recursive: true });
  mkdirSync(join(runtime.folder, 'models'));
  for (const [name, fixture] of Object.entries(models)) {
    symlinkSync(join(fixturesPath, fixture), join(runtime.folder, 'models', name));
  }
  copyFileSync(join(imagesPath, 'shrunk.jpg'), join(path, 'photos/dog.jpg'));
  copyFileSync(join(imagesPath, 'wide.jpg'), join(path, 'photos/cat.jpg'));
  consumer = new Consumer(path);
  await consumer.linkRepository();
  expect(await consumer.compile(Object.fromEntries(blocks.map(({ code }, index) => [nameOf(index), code])))).toBe('');
});

afterAll(async () => {
  await runtime?.[Symbol.asyncDispose]();
});

test('there are blocks of JavaScript', () => {
  expect(blocks.length).toBeGreaterThan(2);
});

test.each(blocks.map(({ file, line, code }, index) => ({ file, line, code, index })))(
  '$file:$line is right for the compiler, and runs',
  async ({ code, index }) => {
    const program = join('out', nameOf(index).replace('.ts', '.js'));
    const env = { ...runtime.env, EMBEDHOUSE_MODELS: join(runtime.folder, 'models') };
    const printed = await consumer.run(program, env);
    expect(printed === '').toBe(!code.includes('console.log'));
  },
);

test('the page’s error codes are codes', async () => {
  const page = await readPage('docs/javascript.md');
  const named = [...page.matchAll(/`([A-Z]+_[A-Z_]+|USAGE|CANCELLED)`/g)].map(([, code]) => code);
  const codes = named.filter((name) => !name?.startsWith('EMBEDHOUSE_'));
  expect(codes.length).toBeGreaterThan(5);
  expect(Object.keys(errorCodes)).toEqual(expect.arrayContaining(codes));
});
