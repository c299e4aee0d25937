import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { readFunctionFiles } from '../../src/functions/read-definitions.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-definitions-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function define(file: string, ...functions: string[]): Promise<void> {
  const text = functions.map((elements) => `  <function>${elements}</function>\n`).join('');
  await writeFile(join(folder, file), `<functions>\n${text}</functions>\n`);
}

const required = '<type>executable</type><command>x</command><format>Native</format><return_type>UInt8</return_type>';

test('fills in what ClickHouse takes where the file says nothing', async () => {
  await define('plain_function.xml', `<name>plain</name>${required}`);
  const { definitions, problems } = await readFunctionFiles(folder);
  expect(problems).toEqual([]);
  expect(definitions).toEqual([
    {
      file: join(folder, 'plain_function.xml'),
      line: 2,
      name: 'plain',
      type: 'executable',
      command: 'x',
      executeDirect: true,
      arguments: [],
      returnType: 'UInt8',
      returnName: 'result',
      format: 'Native',
      poolSize: undefined,
      maxCommandExecutionTimeS: undefined,
      commandTerminationTimeoutS: 10,
      commandReadTimeoutMs: 10_000,
      commandWriteTimeoutMs: 10_000,
      sendChunkHeader: false,
      deterministic: false,
      stderrReaction: 'log_last',
      checkExitCode: true,
      lifetime: { minS: 0, maxS: 0 },
    },
  ]);
});

test('reads every option', async () => {
  await define(
    'full_function.xml',
    `<name>full</name><type>executable_pool</type><command>a b</command><execute_direct>off</execute_direct>
     <argument><type>String</type></argument><argument><name>n</name><type> UInt8 </type></argument>
     <return_type>Array(Float32)</return_type><return_name>v</return_name><format>RowBinary</format>
     <pool_size>0x10</pool_size><max_command_execution_time>1</max_command_execution_time>
     <command_termination_timeout>2</command_termination_timeout><command_read_timeout>3</command_read_timeout>
     <command_write_timeout>4</command_write_timeout><send_chunk_header>YES</send_chunk_header>
     <deterministic>1</deterministic><stderr_reaction>THROW</stderr_reaction><check_exit_code>no</check_exit_code>
     <lifetime><min>5</min><max>6</max></lifetime>`,
  );
  const { definitions, problems } = await readFunctionFiles(folder);
  expect(problems).toEqual([]);
  expect(definitions).toEqual([
    {
      file: join(folder, 'full_function.xml'),
      line: 2,
      name: 'full',
      type: 'executable_pool',
      command: 'a b',
      executeDirect: false,
      arguments: [{ type: 'String' }, { name: 'n', type: 'UInt8' }],
      returnType: 'Array(Float32)',
      returnName: 'v',
      format: 'RowBinary',
      poolSize: 16,
      maxCommandExecutionTimeS: 1,
      commandTerminationTimeoutS: 2,
      commandReadTimeoutMs: 3,
      commandWriteTimeoutMs: 4,
      sendChunkHeader: true,
      deterministic: true,
      stderrReaction: 'throw',
      checkExitCode: false,
      lifetime: { minS: 5, maxS: 6 },
    },
  ]);
});

test('gives the functions of all files in the order of the files, whatever is broken between them', async () => {
  await define('c_function.xml', `<name>c</name>${required}`);
  await define('a_function.xml', `<name>a2</name>${required}`, '<name>broken</name>', `<name>a1</name>${required}`);
  await writeFile(join(folder, 'b_function.xml'), '<functions>');
  await define('unread.xml', `<name>unread</name>${required}`);
  const { definitions, problems } = await readFunctionFiles(folder);
  expect(definitions.map(({ name }) => name)).toEqual(['a2', 'a1', 'c']);
  expect(problems.map(({ severity, file }) => [severity, file.slice(folder.length + 1)])).toEqual([
    ...Array.from({ length: 4 }, () => ['error', 'a_function.xml']),
    ['error', 'b_function.xml'],
    ['note', 'unread.xml'],
  ]);
});

test('does not guess a value that comes from the environment', async () => {
  const elements = required.replace('<command>x</command>', '<command from_env="COMMAND"/>');
  await define('env_function.xml', `<name>env</name>${elements}`);
  const { definitions, problems } = await readFunctionFiles(folder);
  expect(definitions).toEqual([]);
  expect(problems).toMatchObject([{ severity: 'note', element: 'command', functionName: 'env' }]);
});

test('reads a file in the encoding that it declares, and reports one that breaks it', async () => {
  const text = `<?xml version="1.0" encoding="ISO-8859-1"?><functions><!-- \u00e9 --><function><name>f</name>${required}</function></functions>`;
  await writeFile(join(folder, 'declared_function.xml'), Buffer.from(text, 'latin1'));
  await writeFile(join(folder, 'undeclared_function.xml'), Buffer.from(text.replace(/<\?.*\?>/, '\n'), 'latin1'));
  const { definitions, problems } = await readFunctionFiles(folder);
  expect(definitions.map(({ name }) => name)).toEqual(['f']);
  expect(problems).toMatchObject([{ file: join(folder, 'undeclared_function.xml'), line: 2, column: 17 }]);
});

test('finds no functions in a folder that does not exist', async () => {
  expect(await readFunctionFiles(join(folder, 'nowhere'))).toEqual({ definitions: [], problems: [] });
});

test('reports a functions folder that is a file', async () => {
  const path = join(folder, 'functions');
  await writeFile(path, '');
  const { problems } = await readFunctionFiles(path);
  expect(problems).toMatchObject([
    { severity: 'error', file: path, message: expect.stringContaining('ENOTDIR') as string },
  ]);
});
