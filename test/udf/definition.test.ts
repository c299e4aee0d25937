import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { KitHome, runScript } from './kit-home.ts';

let home: KitHome;

beforeAll(async () => {
  home = await KitHome.make();
  const text = { arguments: ['String'], returns: 'String' };
  await home.addFunction({ ...text, name: 'twice', command: 'twice.mjs' });
  await home.addFunction({ ...text, name: 'twice_py', command: 'twice.py' });
  for (const extension of ['mjs', 'py']) {
    await home.addFunction({ ...text, name: `in_folder_${extension}`, command: `more/folder.${extension}` });
    await home.addFunction({ ...text, name: `several_text_${extension}`, command: `several.${extension} text` });
    await home.addFunction({
      name: `several_row_${extension}`,
      command: `several.${extension} row`,
      arguments: ['UInt8'],
      returns: 'UInt8',
      format: 'RowBinary',
    });
    await home.addFunction({ ...text, name: `same_one_${extension}`, command: `same.${extension}` });
    await home.addFunction({
      ...text,
      name: `same_pool_${extension}`,
      command: `same.${extension}`,
      type: 'executable_pool',
    });
    await home.addFunction({ ...text, name: `differs_one_${extension}`, command: `differs.${extension}` });
    await home.addFunction({
      ...text,
      name: `differs_two_${extension}`,
      command: `differs.${extension}`,
      format: 'Native',
    });
  }
});
afterAll(async () => home[Symbol.asyncDispose]());

describe.each([
  {
    kit: 'the JavaScript kit',
    extension: 'mjs',
    twice: 'serve((x) => x + x);',
    named: "serve({ function: 'differs_one_mjs' }, (x) => x + x);",
  },
  {
    kit: 'the Python kit',
    extension: 'py',
    twice: 'serve(lambda x: x + x)',
    named: "serve(lambda x: x + x, function='differs_one_py')",
  },
])('$kit', ({ extension, twice, named }) => {
  test('finds its definition in functions/ beside user_scripts/', async () => {
    const path = await home.addScript(`twice.${extension}`, twice);
    expect(await runScript(path, 'ab\n')).toEqual({ stdout: 'abab\n', stderr: '', exitCode: 0 });
  });

  test('finds it for a script in a folder of user_scripts/', async () => {
    await mkdir(join(home.userScriptsPath, 'more'), { recursive: true });
    const path = await home.addScript(`more/folder.${extension}`, twice);
    const env = { PYTHONPATH: home.userScriptsPath };
    expect(await runScript(path, 'ab\n', { env })).toEqual({ stdout: 'abab\n', stderr: '', exitCode: 0 });
  });

  test('finds it where EMBEDHOUSE_FUNCTIONS says', async () => {
    const elsewhere = await KitHome.make();
    try {
      const path = await elsewhere.addScript(`twice.${extension}`, twice);
      const env = { EMBEDHOUSE_FUNCTIONS: home.functionsPath };
      expect(await runScript(path, 'ab\n', { env })).toMatchObject({ stdout: 'abab\n', exitCode: 0 });
    } finally {
      await elsewhere[Symbol.asyncDispose]();
    }
  });

  test('tells the functions of one script apart by the arguments in their commands', async () => {
    const path = await home.addScript(`several.${extension}`, twice);
    expect(await runScript(path, 'ab\n', { words: ['text'] })).toMatchObject({ stdout: 'abab\n' });
    expect(await runScript(path, '\u0003\u0004', { words: ['row'] })).toMatchObject({ stdout: '\u0006\u0008' });
  });

  test('takes functions with the same command and types for one', async () => {
    const path = await home.addScript(`same.${extension}`, twice);
    expect(await runScript(path, 'ab\n')).toMatchObject({ stdout: 'abab\n' });
  });

  test('asks for a name where functions with the same command differ', async () => {
    const path = await home.addScript(`differs.${extension}`, twice);
    const { stderr, exitCode } = await runScript(path, 'ab\n');
    expect(stderr).toMatch(
      /the functions differs_one_\w+ and differs_two_\w+ both have the command differs\.\w+ and differ/,
    );
    expect(exitCode).toBe(1);
    await home.addScript(`differs.${extension}`, named);
    expect(await runScript(path, 'ab\n')).toMatchObject({ stdout: 'abab\n' });
  });

  test('says where it looked for a definition that is not there', async () => {
    const path = await home.addScript(`nowhere.${extension}`, twice);
    const { stdout, stderr, exitCode } = await runScript(path, 'ab\n');
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
    expect(stderr).toMatch(
      /no definition with the command nowhere\.\w+ was found in .*functions.*: set EMBEDHOUSE_FUNCTIONS/,
    );
    expect(stderr).toContain(home.functionsPath);
  });
});
