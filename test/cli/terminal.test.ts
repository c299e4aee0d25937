import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { makeSandbox, programPath, repositoryPath, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox();
});

afterAll(async () => {
  await sandbox.remove();
});

/** Runs the program on a terminal of its own, which Python's standard library makes, and answers all that it shows. */
async function onTerminal(args: readonly string[]): Promise<{ exitCode: number | undefined; screen: string }> {
  const spawn = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  const { exitCode, stdout } = await execa('python3', ['-c', spawn, process.execPath, programPath, ...args], {
    cwd: repositoryPath,
    env: { ...sandbox.env, TERM: 'xterm' },
    extendEnv: false,
    reject: false,
    stdin: 'pipe',
  });
  return { exitCode, screen: stdout.replaceAll('\r\n', '\n') };
}

// What a terminal is told beside the text: colours, and where the cursor goes.
const withoutControls = (screen: string): string =>
  // oxlint-disable-next-line no-control-regex
  screen.replaceAll(/\u001B(?:\[[0-9;?]*[A-Za-z]|[78])/g, '');

test('on a terminal results are PrettyCompact, without progress for what is quick', async () => {
  const { exitCode, screen } = await onTerminal(['query', "SELECT 1 AS a, 'x' AS b"]);
  expect(withoutControls(screen).trimEnd().split('\n')).toEqual(['   ┌─a─┬─b─┐', '1. │ 1 │ x │', '   └───┴───┘']);
  expect(exitCode).toBe(0);
});

test('on a terminal a slow statement shows its progress, which is gone before its result', async () => {
  const { screen } = await onTerminal([
    'query',
    'SELECT count(sleepEachRow(0.5)) AS c FROM numbers(4) SETTINGS max_block_size = 1',
  ]);
  const shown = withoutControls(screen);
  expect(shown).toMatch(/% \| \d rows, /);
  // Restores the cursor, goes to the line's begin, clears the line.
  expect(screen).toContain('\u001B8\u001B[1G\u001B[2K   ┌─');
  expect(shown).toContain('1. │ 4 │');
});

test('a query without SQL on a terminal is wrong usage', async () => {
  const { exitCode, screen } = await onTerminal(['query']);
  expect(screen.trim()).toMatch(/^embedhouse: no SQL: [^\n]*$/);
  expect(exitCode).toBe(2);
});
