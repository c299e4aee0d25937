import { rm, utimes } from 'node:fs/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { LiveHome } from '../reload/live-home.ts';
import { listMarkedProcesses, markProcesses } from './marked-processes.ts';
import { openTestEngine, read } from './open-test-engine.ts';

let home: LiveHome;
let engine: Engine;

beforeEach(async () => {
  markProcesses();
  home = await LiveHome.make();
  await home.script('answer.sh', 'first');
  await home.define('f');
  engine = await openTestEngine(home);
});

afterEach(async () => {
  await engine.close();
  expect(await listMarkedProcesses()).toEqual([]);
  await home[Symbol.asyncDispose]();
});

/** The word of the script that answers, and its process. */
async function answerOf(name: string): Promise<{ word: string; pid: string }> {
  const [word = '', pid = ''] = (await read(engine, `SELECT ${name}('x')`)).split(' ');
  return { word, pid };
}

const isRunning = (pid: string): boolean => {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
};

test('the processes of an edited script retire, those of all pools', async () => {
  const first = await answerOf('f');
  expect(await answerOf('f')).toEqual(first);
  await home.script('answer.sh', 'second');
  expect((await answerOf('f')).word).toBe('first');
  await engine.reloadFunctions();
  expect((await answerOf('f')).word).toBe('second');
  expect(isRunning(first.pid)).toBe(false);
});

test('follows every edit of a file, whatever its time is', async () => {
  for (const name of ['a', 'b', 'c', 'd']) {
    const file = await home.write(
      'functions/f_function.xml',
      `<functions><function><type>executable</type><name>${name}</name><argument><type>String</type></argument><return_type>String</return_type><format>TabSeparated</format><command>answer.sh</command></function></functions>`,
    );
    await utimes(file, 1000, 1000);
    await engine.reloadFunctions();
    expect((await answerOf(name)).word).toBe('first');
  }
  await expect(answerOf('c')).rejects.toMatchObject({ clickhouseCode: 46 });
});

test('takes up and gives up files, XML and YAML, by SYSTEM RELOAD FUNCTIONS too', async () => {
  const yaml = (command: string): string =>
    `function: {type: executable, name: y, argument: {type: String}, return_type: String, format: TSV, command: ${command}}\n`;
  const file = await home.write('functions/y_function.yaml', yaml('answer.sh'));
  await engine.run('system  reload\nfunctions');
  expect((await answerOf('y')).word).toBe('first');
  await home.script('other.sh', 'other');
  await home.write('functions/y_function.yaml', yaml('other.sh'));
  await engine.reloadFunctions();
  expect((await answerOf('y')).word).toBe('other');
  await home.write('functions/y_function.yaml', 'function: {type');
  await engine.reloadFunctions();
  expect((await answerOf('y')).word).toBe('other');
  await rm(file);
  await engine.reloadFunctions();
  await expect(answerOf('y')).rejects.toMatchObject({ clickhouseCode: 46 });
  expect((await answerOf('f')).word).toBe('first');
});

test('a definition that ClickHouse refuses leaves the function and its process as they were, and says why', async () => {
  const before = await answerOf('f');
  await home.define('f', { returns: 'Strin' });
  await home.define('g');
  await expect(engine.reloadFunctions()).rejects.toThrow(
    "Unknown data type family: Strin. Maybe you meant: ['String']",
  );
  expect(await answerOf('f')).toEqual(before);
  expect((await answerOf('g')).word).toBe('first');
});

test('a call that runs is answered by the process that has it', async () => {
  await home.write('user_scripts/slow.sh', '#!/bin/sh\nwhile read -r s; do sleep "$s"; echo "slept $s"; done\n', 0o755);
  await home.define('slow', { script: 'slow.sh' });
  await engine.reloadFunctions();
  const running = engine.rows("SELECT slow('2') AS answer");
  await expect
    .poll(async () => (await listMarkedProcesses()).filter((line) => line.includes('slow.sh')))
    .toHaveLength(1);
  await home.write('user_scripts/slow.sh', '#!/bin/sh\nwhile read -r s; do echo new; done\n', 0o755);
  await engine.reloadFunctions();
  expect(await read(engine, "SELECT slow('1')")).toBe('new\n');
  expect(await running).toEqual([{ answer: 'slept 2' }]);
});

test('a script that does not end with its input is ended, and keeps nobody waiting', async () => {
  await home.write(
    'user_scripts/stays.sh',
    '#!/bin/sh\ntrap "" TERM\nwhile read -r line; do echo "stays $$"; done\nwhile :; do sleep 0.1; done\n',
    0o755,
  );
  await home.define('stays', {
    script: 'stays.sh',
    more: '<command_termination_timeout>600</command_termination_timeout>',
  });
  await engine.reloadFunctions();
  const { pid } = await answerOf('stays');
  await engine.reloadFunctions();
  await expect.poll(() => isRunning(pid)).toBe(false);
  expect((await answerOf('stays')).word).toBe('stays');
});
