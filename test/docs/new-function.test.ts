import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { runsTypescript } from '../../src/functions/new-script/runs-typescript.ts';
import { makeSandbox, programPath, type Sandbox } from '../cli/sandbox.ts';
import { outputPattern } from './output-pattern.ts';
import { readCodeBlocks } from './read-code-blocks.ts';

const blocks = (await readCodeBlocks()).filter(({ file }) => file === 'docs/functions.md');

/** The page's commands that write a script, with what the page prints after them. */
const examples = blocks.flatMap(({ language, code, line }, index) => {
  const next = blocks[index + 1];
  const written = /functions new .*--language (?<script>\w+)/.exec(code)?.groups?.['script'];
  if (language !== 'sh' || written === undefined) return [];
  return [
    {
      line,
      script: written,
      commands: code.trimEnd().split('\n'),
      printed: next?.language === 'text' ? next.code : '',
    },
  ];
});

let sandbox: Sandbox;
let home: string;
let isOldNode: boolean;

beforeAll(async () => {
  sandbox = await makeSandbox();
  home = join(sandbox.path, 'a new home');
  await mkdir(home);
  isOldNode = !runsTypescript((await execa('node', ['--version'])).stdout);
});

afterAll(async () => {
  await sandbox.remove();
});

test('the page has three commands for each language', () => {
  expect(examples.map(({ script, commands }) => [script, commands.length])).toEqual([
    ['python', 3],
    ['typescript', 3],
    ['bash', 3],
  ]);
});

test.each(examples)(
  'docs/functions.md:$line: a new function in $script is in a query with the third command',
  async ({ commands, printed }) => {
    const outputs: string[] = [];
    for (const command of commands) {
      // As it stands on the page, and `npx embedhouse` is what is built here.
      const { stdout, stderr } = await execa(
        '/bin/sh',
        ['-c', `npx() { shift; "$NODE" "$PROGRAM" "$@"; }\n${command}`],
        {
          cwd: home,
          env: { ...sandbox.env, EMBEDHOUSE_HOME: '.', NODE: process.execPath, PROGRAM: programPath },
          extendEnv: false,
        },
      );
      expect(stderr).toBe('');
      outputs.push(stdout);
    }
    expect(asOnPage(outputs.join('\n'))).toMatch(outputPattern(printed));
  },
);

/** The page shows what a Node prints that runs TypeScript. */
function asOnPage(output: string): string {
  if (!isOldNode) return output;
  return output.replaceAll('.mjs', '.mts').replace(/^The script is JavaScript with its types in comments, .*\n/m, '');
}
