import { expect, test } from 'vitest';

import { checkElements } from './check-one.ts';

async function problems(script: string, text: string): Promise<string[]> {
  const found = await checkElements({ command: script }, { scripts: { [script]: text } });
  return found.map(({ severity, message, fix }) => `${severity}: ${message} (${fix?.repair ?? 'by hand'})`);
}

test('finds Windows line endings behind the first line, which a shell stumbles over and others mostly bear', async () => {
  expect(await problems('a.sh', '#!/bin/sh\ncat\r\n')).toEqual([
    "error: script 'a.sh' has a Windows line ending in line 2, and a shell takes the carriage return for a part of the last word (use-lf-line-ends)",
  ]);
  expect(await problems('a', '#!/usr/bin/env -S perl -p\n\n1;\r\n')).toEqual([
    "warning: script 'a' has a Windows line ending in line 3 (use-lf-line-ends)",
  ]);
});

test('finds a script that hides a module of Python from the others', async () => {
  expect(await problems('json.py', '#!/bin/sh\n')).toEqual([
    "warning: script 'json.py' has the name of Python's own module 'json', which scripts in its folder then cannot import (by hand)",
  ]);
  expect(await problems('my_json.py', '#!/bin/sh\n')).toEqual([]);
});

test('reports once what --fix repairs once', async () => {
  expect(await problems('a.sh', '#!/bin/sh\r\ncat\r\n')).toEqual([
    "error: script 'a.sh' has Windows line endings, so its interpreter is '/bin/sh' with a carriage return (use-lf-line-ends)",
  ]);
});
