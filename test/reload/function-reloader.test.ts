import { chmod, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { readVocabulary } from '../../src/engine/read-vocabulary.ts';
import { EmbedhouseError } from '../../src/errors/embedhouse-error.ts';
import { checkFunctions, type CheckedFunctions } from '../../src/functions/check-functions.ts';
import { FunctionReloader } from '../../src/reload/function-reloader.ts';
import { takeStamps } from '../../src/reload/function-stamps.ts';
import { openTestEngine, read } from '../engine/open-test-engine.ts';
import { LiveHome } from './live-home.ts';

let home: LiveHome;
let engine: Engine;
let reloader: FunctionReloader;

beforeEach(async () => {
  home = await LiveHome.make();
  await home.script('answer.sh', 'first');
  await home.script('other.sh', 'other');
  await home.define('f');
  await home.define('g', { script: 'other.sh' });
  await open();
});

afterEach(async () => {
  await engine.close();
  await home[Symbol.asyncDispose]();
});

async function open(): Promise<void> {
  const { functionsPath, userScriptsPath } = home;
  const folders = { functionsPath, userScriptsPath };
  const stamps = await takeStamps(folders);
  engine = await openTestEngine(folders);
  const vocabulary = await readVocabulary(engine);
  const searchPath = process.env['PATH'] ?? '';
  const check = async (): Promise<CheckedFunctions> =>
    checkFunctions({ ...folders, searchPath, vocabulary, checkSyntax: true });
  reloader = await FunctionReloader.make({ ...folders, engine, check }, await check(), stamps);
}

/** The word of the script that answers, and its process. */
const answerOf = async (name: string): Promise<string> => (await read(engine, `SELECT ${name}('')`)).trim();
const wordOf = async (name: string): Promise<string> => (await answerOf(name)).split(' ')[0] ?? '';

test('finds nothing where nothing was edited', async () => {
  expect(await reloader.refresh()).toBeUndefined();
  await answerOf('f');
  expect(await reloader.refresh()).toBeUndefined();
});

test('follows an edited script, definition, new function and removed function, once each', async () => {
  const script = await home.script('answer.sh', 'second');
  expect(await reloader.refresh()).toEqual({ paths: [script], problems: [], broken: [] });
  expect(await wordOf('f')).toBe('second');

  const definition = await home.define('f', { script: 'other.sh' });
  expect(await reloader.refresh()).toMatchObject({ paths: [definition], broken: [] });
  expect(await wordOf('f')).toBe('other');

  const added = await home.define('h');
  expect(await reloader.refresh()).toMatchObject({ paths: [added], broken: [] });
  expect(await wordOf('h')).toBe('second');

  await rm(added);
  expect(await reloader.refresh()).toMatchObject({ paths: [added], broken: [] });
  await expect(answerOf('h')).rejects.toMatchObject({ clickhouseCode: 46 });
  expect(await reloader.refresh()).toBeUndefined();
});

const unnamed = '<functions><function><type>executable</type></function></functions>';

test.each<[string, () => Promise<unknown>]>([
  ['a script with a fault in its syntax', async () => home.write('user_scripts/answer.sh', '#!/bin/sh\nif )\n')],
  ['a script with Windows line ends', async () => home.write('user_scripts/answer.sh', '#!/bin/sh\r\ncat\r\n')],
  ['a definition with a wrong type', async () => home.define('f', { returns: 'Strin' })],
  ['a definition with a script that is not there', async () => home.define('f', { script: 'nowhere.sh' })],
  ['a definition without a name', async () => home.write('functions/f_function.xml', unnamed)],
  ['broken XML', async () => home.write('functions/f_function.xml', '<functions><function>')],
  ['an empty file', async () => home.write('functions/f_function.xml', '')],
])('%s leaves the last good functions and their processes until it is repaired', async (_, breakIt) => {
  const [before, beside] = [await answerOf('f'), await answerOf('g')];
  await breakIt();
  await home.script('other.sh', 'newer');
  const changes = await reloader.refresh();
  expect(changes?.broken.length).toBeGreaterThan(0);
  expect(changes?.broken[0]).toMatchObject({ severity: 'error', file: join(home.functionsPath, 'f_function.xml') });
  expect(await answerOf('f')).toBe(before);
  expect(await answerOf('g')).toBe(beside);
  expect(await reloader.refresh()).toBeUndefined();

  await home.define('f');
  await home.script('answer.sh', 'repaired');
  expect(await reloader.refresh()).toMatchObject({ problems: [], broken: [] });
  expect(await wordOf('f')).toBe('repaired');
  expect(await wordOf('g')).toBe('newer');
});

test.each<[string, () => Promise<unknown>]>([
  ['is gone', async () => rm(join(home.userScriptsPath, 'answer.sh'))],
  ['is not executable any more', async () => chmod(join(home.userScriptsPath, 'answer.sh'), 0o644)],
])('a script that %s fails its function only, whose calls ClickHouse refuses', async (_, breakIt) => {
  const [, beside] = [await answerOf('f'), await answerOf('g')];
  await breakIt();
  expect((await reloader.refresh())?.broken).toMatchObject([{ functionName: 'f' }]);
  await expect(answerOf('f')).rejects.toThrow('Executable file answer.sh');
  expect(await answerOf('g')).toBe(beside);
  await rm(join(home.userScriptsPath, 'answer.sh'), { force: true });
  await home.script('answer.sh', 'repaired');
  expect(await reloader.refresh()).toMatchObject({ broken: [] });
  expect(await wordOf('f')).toBe('repaired');
});

test('a new function with an error keeps nobody from following other edits', async () => {
  await home.define('h', { script: 'nowhere.sh' });
  await home.script('answer.sh', 'second');
  const changes = await reloader.refresh();
  expect(changes?.problems.map(({ functionName }) => functionName)).toEqual(['h']);
  expect(changes?.broken).toEqual([]);
  expect(await wordOf('f')).toBe('second');
});

test('an error that was there before keeps nobody from following edits, and its repair is followed', async () => {
  await engine.close();
  await home.define('h', { script: 'later.sh' });
  await home.write('functions/broken_function.xml', '<functions>');
  await open();
  await home.script('answer.sh', 'second');
  expect((await reloader.refresh())?.broken).toEqual([]);
  expect(await wordOf('f')).toBe('second');
  await home.script('later.sh', 'later');
  expect((await reloader.refresh())?.problems).toEqual([]);
  expect(await wordOf('h')).toBe('later');
});

test('a broken edit waits for its repair while other functions are edited', async () => {
  const before = await answerOf('f');
  await home.define('f', { returns: 'Strin' });
  expect((await reloader.refresh())?.broken).toHaveLength(1);
  await home.script('other.sh', 'newer');
  expect((await reloader.refresh())?.broken).toMatchObject([{ functionName: 'f' }]);
  expect(await answerOf('f')).toBe(before);
  await home.define('f');
  expect((await reloader.refresh())?.broken).toEqual([]);
  expect(await wordOf('g')).toBe('newer');
});

test('a script that a broken edit misses repairs it by coming, whatever it is called', async () => {
  await home.define('f', { script: 'deep/answer' });
  expect((await reloader.refresh())?.broken).toHaveLength(1);
  const script = await home.script('deep/answer', 'come');
  expect(await reloader.refresh()).toEqual({ paths: [script], problems: [], broken: [] });
  expect(await wordOf('f')).toBe('come');
  await home.define('f');
  expect((await reloader.refresh())?.paths).toHaveLength(1);
  expect(await reloader.refresh()).toBeUndefined();
});

test('a function with a warning is followed as any other', async () => {
  const more = '<use_shared_memory>0</use_shared_memory>';
  await home.script('plain', 'first');
  await home.define('f', { script: 'plain', type: 'executable', more });
  expect(await reloader.refresh()).toMatchObject({ problems: [{ severity: 'warning' }], broken: [] });
  const script = await home.script('plain', 'second');
  expect(await reloader.refresh()).toMatchObject({ paths: [script] });
  await home.define('f', { script: 'plain', type: 'executable', more, returns: 'Strin' });
  expect((await reloader.refresh())?.broken).toHaveLength(1);
});

test('a new file that defines a function again changes nothing', async () => {
  const before = await answerOf('f');
  const definition = await home.define('f', { script: 'other.sh' });
  const again = join(home.functionsPath, 'again_function.xml');
  await rename(definition, again);
  await home.define('f');
  expect((await reloader.refresh())?.broken).toMatchObject([{ functionName: 'f' }]);
  expect(await answerOf('f')).toBe(before);
  await rm(again);
  expect((await reloader.refresh())?.broken).toEqual([]);
  expect(await wordOf('f')).toBe('first');
});

test('a named pipe that is called as a function file keeps nobody waiting', async () => {
  await execa('mkfifo', [join(home.functionsPath, 'pipe_function.xml')]);
  await home.script('answer.sh', 'second');
  expect(await reloader.refresh()).toMatchObject({ broken: [] });
  expect(await wordOf('f')).toBe('second');
  await engine.close();
  await open();
  expect(await wordOf('f')).toBe('second');
});

test('code beside a script counts as the script’s, and what else lies there does not', async () => {
  await home.write('user_scripts/deep/words.py', 'word = "one"\n');
  await home.write(
    'user_scripts/deep/says.py',
    '#!/usr/bin/env python3\nimport sys\nfrom words import word\nfor line in sys.stdin:\n  print(word, flush=True)\n',
    0o755,
  );
  await home.define('says', { script: 'deep/says.py' });
  await reloader.refresh();
  expect(await wordOf('says')).toBe('one');
  await home.write('user_scripts/deep/log.txt', 'a script may write here\n');
  expect(await reloader.refresh()).toBeUndefined();
  const module = await home.write('user_scripts/deep/words.py', 'word = "another"\n');
  expect((await reloader.refresh())?.paths).toEqual([module]);
  expect(await wordOf('says')).toBe('another');
});

test('calls at the same time look once', async () => {
  await home.script('answer.sh', 'second');
  const [first, second] = await Promise.all([reloader.refresh(), reloader.refresh()]);
  expect(first?.paths).toHaveLength(1);
  expect(second).toBe(first);
});

test('an engine that could not be reached is told again until it can be', async () => {
  const { functionsPath, userScriptsPath } = home;
  const folders = { functionsPath, userScriptsPath };
  const check = async (): Promise<CheckedFunctions> =>
    checkFunctions({ ...folders, searchPath: process.env['PATH'] ?? '' });
  const down = new EmbedhouseError('SERVER_UNREACHABLE', 'nobody answers');
  let times = 0;
  const reloadFunctions = async (): Promise<void> => {
    times += 1;
    if (times < 3) throw down;
  };
  const far = await FunctionReloader.make(
    { ...folders, engine: { reloadFunctions }, check },
    await check(),
    await takeStamps(folders),
  );
  const script = await home.script('answer.sh', 'second');
  expect(await far.refresh()).toMatchObject({ paths: [script], refusal: down, isOwed: true });
  expect(await far.refresh()).toBeUndefined();
  expect(await far.refresh()).toEqual({ paths: [script], problems: [], broken: [] });
  expect(await far.refresh()).toBeUndefined();
  expect(times).toBe(3);
});
