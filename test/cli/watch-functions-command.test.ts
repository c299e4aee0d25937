import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { LiveHome } from '../reload/live-home.ts';
import { startTestServer } from '../engine/remote/start-test-server.ts';
import { makeSandbox, type Sandbox, type Started } from './sandbox.ts';

let sandbox: Sandbox;
let home: LiveHome;
let started: Started | undefined;

beforeAll(async () => {
  sandbox = await makeSandbox();
});

afterAll(async () => {
  await sandbox.remove();
});

beforeEach(async () => {
  home = await LiveHome.make();
  await home.script('answer.sh', 'first');
  await home.define('f');
});

afterEach(async () => {
  if (started !== undefined) await end(started);
  started = undefined;
  await home[Symbol.asyncDispose]();
});

/** Starts the watch, and answers all that it has printed so far. */
function watch(...args: string[]): () => string {
  const printed: string[] = [];
  started = sandbox.start(['functions', 'watch', ...args, '--home', home.path]);
  started.stdout.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  return () => printed.join('');
}

async function end({ pid, ended }: Started): Promise<void> {
  process.kill(pid, 'SIGINT');
  expect(await ended).toMatchObject({ exitCode: 0, stderr: '' });
}

test('checks what is edited, and tests the named function unless it is broken', async () => {
  const printed = watch('f', 'a  b');
  await expect.poll(printed).toMatch(/^watching the functions in .*functions; Ctrl-C ends\n\nf: executable_pool/);
  await expect.poll(printed).toMatch(/ {2}first \d+ a {2}b\n(.*\n)*ClickHouse would be content\.\n$/);

  await home.script('answer.sh', 'second');
  await expect
    .poll(printed)
    .toMatch(
      /\n\d\d:\d\d:\d\d\n\S*user_scripts\/answer\.sh changed: no errors\n(.*\n)* {2}second (.*\n)*ClickHouse would be content\.\n$/,
    );

  await home.write('user_scripts/answer.sh', '#!/bin/sh\nif )\n');
  await expect
    .poll(printed)
    .toMatch(
      /\n\d\d:\d\d:\d\d\n\S*f_function\.xml:\d+:\d+: <command>: script 'answer\.sh' cannot be read by its interpreter in line 2: .*\n\S*answer\.sh changed: 1 error\n$/,
    );

  await home.script('answer.sh', 'third');
  await expect
    .poll(printed)
    .toMatch(/\S*answer\.sh changed: no errors\n(.*\n)* {2}third (.*\n)*ClickHouse would be content\.\n$/);
});

test('goes on when the function is gone, and when there is none yet', async () => {
  const printed = watch('later', 'x');
  await expect.poll(printed).toContain('no test: no function in ');
  const file = await home.define('later');
  await expect.poll(printed).toMatch(/later_function\.xml changed: no errors\n(.*\n)*ClickHouse would be content\.\n$/);
  await rm(file);
  await expect.poll(printed).toMatch(/later_function\.xml removed: no errors\nno test: .*\n$/);
});

test('reloads the functions of a server that reads the same files, but for an edit that breaks one', async () => {
  const server = await startTestServer(home);
  try {
    const word = async (): Promise<string> => {
      const { stdout } = await sandbox.run(['query', "SELECT f('')", '--connect', server.url]);
      return stdout.split(' ')[0] ?? '';
    };
    expect(await word()).toBe('first');
    const printed = watch('--connect', server.url);
    await expect.poll(printed).toContain('Ctrl-C ends');
    await home.script('answer.sh', 'second');
    await expect.poll(printed).toMatch(/answer\.sh changed: functions reloaded\n$/);
    expect(await word()).toBe('second');
    await home.write('user_scripts/answer.sh', '#!/bin/sh\nif )\n');
    await expect.poll(printed).toMatch(/answer\.sh changed: the functions stay as they were until this is repaired\n$/);
    expect(await word()).toBe('second');
  } finally {
    await server.stop();
  }
});

test('query follows edits from statement to statement, and tells of them on stderr', async () => {
  // It edits the other function's script when it is called.
  const answer = join(home.userScriptsPath, 'answer.sh');
  await home.write(
    'user_scripts/edit.sh',
    `#!/bin/sh\nread -r word\n[ "$word" = broken ] && word="" && echo "if )" >> '${answer}' || sed -i "s/echo .*/echo $word; done/; s/^if )//" '${answer}'\necho done\n`,
    0o755,
  );
  await home.define('edit', { script: 'edit.sh', type: 'executable' });
  const sql = ["f('')", "edit('second')", "f('')", "edit('broken')", "f('')", "edit('third')", "f('')"];
  const { stdout, stderr, exitCode } = await sandbox.run([
    'query',
    sql.map((call) => `SELECT substring(${call}, 1, 6)`).join('; '),
    '--home',
    home.path,
  ]);
  expect(stdout.replaceAll(/^first.*$/gm, 'first')).toBe('first\ndone\nsecond\ndone\nsecond\ndone\nthird\n');
  expect(stderr.trim().split('\n')).toEqual([
    expect.stringMatching(/^embedhouse: \S*answer\.sh changed: functions reloaded$/),
    expect.stringMatching(/^embedhouse: \S*f_function\.xml:\d+:\d+: <command>: script 'answer\.sh' cannot be read/),
    expect.stringMatching(
      /^embedhouse: \S*answer\.sh changed: the functions stay as they were until this is repaired$/,
    ),
    expect.stringMatching(/^embedhouse: \S*answer\.sh changed: functions reloaded$/),
  ]);
  expect(exitCode).toBe(0);
});

test('takes no rows from stdin', async () => {
  const { exitCode, stderr } = await sandbox.run(['functions', 'watch', 'f', '--rows', '-']);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: 'embedhouse: rows from stdin can be read once only: name a file\n',
  });
});
