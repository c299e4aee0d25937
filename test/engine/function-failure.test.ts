import { mkdtemp, rm, writeFile, mkdir, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { openTestEngine, read, scriptsFolder } from './open-test-engine.ts';

let folder: string;
let engine: Engine;

beforeAll(async () => {
  // A folder whose name needs care: in XML, in ClickHouse's glob and in its own lists.
  folder = join(await mkdtemp(join(tmpdir(), 'embedhouse-test-')), 'a {b,c} & <d>*');
  await mkdir(folder);
  await cp(scriptsFolder, folder, { recursive: true });
  engine = await openTestEngine({ functionsPath: `${folder}/functions`, userScriptsPath: `${folder}/user_scripts` });
});

afterAll(async () => {
  await engine.close();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

test.each([
  [
    'raises',
    "raises('bad')",
    /^function 'raises' failed: its script ended with exit code 1: .*Error: cannot handle 'bad'\n.*\(script 'raises\.mjs'\)$/s,
  ],
  ['exits', "exits_3('x')", /^function 'exits_3' failed: its script ended with exit code 3 \(script 'exits-3\.mjs'\)$/],
  [
    'prints garbage',
    "prints_garbage('x')",
    /^function 'prints_garbage' failed: its answer for row 1, "n", is not a Float32 \(Cannot parse NaN\); only answers belong on its stdout, one a row, and logs on stderr \(script 'prints-garbage\.mjs'\)$/,
  ],
  [
    'is one row short in a pool',
    "one_row_short('x')",
    /^function 'one_row_short' failed: its script gave no answer, or too few rows, for 500 ms; flush stdout after each block, or raise <command_read_timeout> .*$/,
  ],
  [
    'is one row short',
    "short_once('x')",
    /^function 'short_once' failed: its script answered 0 rows to 1; it must answer one for each \(script 'one-row-short\.mjs'\)$/,
  ],
  [
    'is slower than its timeout',
    "too_slow('1')",
    /^function 'too_slow' failed: its script gave no answer, or too few rows, for 500 ms; /,
  ],
  [
    'says why itself',
    "says_why('x')",
    /^function 'says_why' cannot take 'x': it only complains; use another function$/,
  ],
])('a script that %s fails the query with a reason', async (_, call, message) => {
  const failed = { code: 'QUERY_FAILED', clickhouseCode: 754, clickhouseName: 'UDF_EXECUTION_FAILED' };
  await expect(read(engine, `SELECT ${call}`)).rejects.toMatchObject({
    ...failed,
    message: expect.stringMatching(message),
  });
  await expect(engine.rows(`SELECT ${call} FROM numbers(1)`)).rejects.toMatchObject({
    ...failed,
    message: expect.stringMatching(message),
  });
});

test('a script that is not there is named', async () => {
  await expect(read(engine, "SELECT missing_script('x')")).rejects.toMatchObject({
    message: expect.stringContaining('Executable file not-there.mjs does not exist inside user scripts folder'),
  });
});

test('a pool whose script was killed while idle fails once, and says so', async () => {
  const pid = Number(await read(engine, "SELECT script_pid('x')"));
  process.kill(pid, 'SIGKILL');
  await sleep(200);
  // Whether ClickHouse notices as it writes or as it reads is a race.
  await expect(read(engine, "SELECT script_pid('x')")).rejects.toMatchObject({
    message: expect.stringMatching(
      /^function 'script_pid' failed: its script (had ended before it was asked; .*|was ended by signal 9) \(script 'pid\.mjs'\)$/,
    ),
  });
  expect(Number(await read(engine, "SELECT script_pid('x')"))).toBeGreaterThan(0);
});

test('a script sees the environment of this process as it is when it starts', async () => {
  process.env['EMBEDHOUSE_TEST_VALUE'] = 'set after the engine opened';
  expect(await read(engine, "SELECT environment('EMBEDHOUSE_TEST_VALUE')")).toBe('set after the engine opened\n');
});

test('functions added later appear after reloading', async () => {
  const xml = `<functions><function><type>executable</type><name>added_later</name><return_type>String</return_type>
<argument><type>String</type></argument><format>TabSeparated</format><command>raises.mjs</command></function></functions>`;
  await writeFile(`${folder}/functions/added_later_function.xml`, xml);
  await engine.reloadFunctions();
  expect(await read(engine, "SELECT added_later('x')")).toBe('x\n');
});
