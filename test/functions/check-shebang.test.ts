import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { checkShebang } from '../../src/functions/check-shebang.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-shebang-'));
  await writeFile(join(folder, 'program'), '');
  await chmod(join(folder, 'program'), 0o755);
  await writeFile(join(folder, 'text'), '');
  await mkdir(join(folder, 'directory'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function messageFor(head: string | Buffer): Promise<string | undefined> {
  return (await checkShebang('script', Buffer.from(head), `/nowhere::${folder}`))?.message;
}

test.for([
  '#!/bin/sh',
  '#! /bin/sh -e\n',
  '#!/usr/bin/env program\n',
  '#!/usr/bin/env -S program --option\n',
  '#!/usr/bin/env -S NAME=value program\n',
  '#!/usr/bin/env --split-string=program -u\n',
  '#!/usr/bin/env -S -i program\n',
])('passes %j', async (head) => {
  expect(await messageFor(head)).toBeUndefined();
});

test.for([
  ['#!/usr/bin/env text\n', "'text' of script 'script' is in no folder of PATH"],
  ['#!/usr/bin/env directory\n', "'directory' of script 'script' is in no folder of PATH"],
  ['#!/usr/bin/env -S missing --option\n', "'missing' of script 'script' is in no folder of PATH"],
  ['#!/usr/bin/env /bin/missing\n', "'/bin/missing' of script 'script' does not exist"],
  ['#!/usr/bin/env\n', 'gives env no program'],
  ['#!\n', 'names no interpreter'],
  ['#!/bin\n', "'/bin' of script 'script' does not exist or is not executable"],
  ['#!python3\n', 'without a full path'],
  ['\u007fELG', "does not begin with '#!'"],
  ['', 'is empty'],
] as const)('finds the fault of %j', async ([head, fault]) => {
  expect(await messageFor(head)).toContain(fault);
});

test('passes a compiled program', async () => {
  expect(await messageFor(await readFile(process.execPath))).toBeUndefined();
});

test.runIf(process.platform === 'linux')('finds an option of env that needs -S on Linux', async () => {
  expect(await messageFor('#!/usr/bin/env program --option\n')).toContain("one program named 'program --option'");
});
