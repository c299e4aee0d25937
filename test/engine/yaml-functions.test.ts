import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { openTestEngine, read } from './open-test-engine.ts';

let home: string;
let engine: Engine;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'embedhouse-yaml-'));
  const [functionsPath, userScriptsPath] = [join(home, 'a {b}*'), join(home, 'user_scripts')];
  await mkdir(functionsPath);
  await mkdir(userScriptsPath);
  await writeFile(join(userScriptsPath, 'words.sh'), '#!/bin/sh\nwhile read -r line; do echo "$1/$2/$line"; done\n');
  await chmod(join(userScriptsPath, 'words.sh'), 0o755);
  const files = {
    'one_function.yaml': `function:
  type: executable
  name: one
  argument:
    - {type: String, name: text}
  return_type: String
  format: TabSeparated
  command: words.sh {p:String} <&">
  deterministic: yes
`,
    'two_function.yml': `functions:
  - {type: executable_pool, name: two, argument: {type: String}, return_type: String, format: TSV, command: words.sh a}
  - type: executable
    name: three
    argument: {type: String}
    return_type: &string String
    return_name: *string
    format: TabSeparated
    command: words.sh "'a"
    a key that XML cannot name: x
`,
    'broken_function.yaml': 'function: {type: executable',
    'not_read.yaml': 'function: {type: executable}',
    'xml_function.v2.xml': `<functions><function><type>executable</type><name>in_xml</name>
      <argument><type>String</type></argument><return_type>String</return_type><format>TSV</format>
      <command>words.sh</command></function></functions>`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(functionsPath, name), text);
  engine = await openTestEngine({ functionsPath, userScriptsPath });
});

afterAll(async () => {
  await engine.close();
  await rm(home, { recursive: true });
});

test('runs functions defined in YAML, which ClickHouse alone would not read when embedded', async () => {
  const sql = "SELECT one('v')('x'), two('y'), three('z'), in_xml('q') FORMAT TSVRaw";
  expect(await read(engine, sql)).toBe(`'v'/<&">/x\ta//y\t"'a"//z\t//q\n`);
});

test('loads what each file defines, and nothing of a broken one', async () => {
  const sql = 'SELECT name, deterministic FROM system.user_defined_functions ORDER BY name FORMAT TSV';
  expect(await read(engine, sql)).toBe('in_xml\t0\none\t1\nthree\t0\ntwo\t0\n');
});
