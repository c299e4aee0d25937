import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { openTestEngine, read } from '../engine/open-test-engine.ts';
import { formats, KitHome, runScript } from './kit-home.ts';
import { kits } from './kit-scripts.ts';

let home: KitHome;
let engine: Engine;

beforeAll(async () => {
  home = await KitHome.make();
  await home.addScript(
    'fails.mjs',
    'serve((n) => { if (n === 3) throw new RangeError(`no\\n  such ${n}`); return n; });',
  );
  await home.addScript(
    'fails.py',
    'def check(n):\n    if n == 3:\n        raise ValueError(f"no\\n  such {n}")\n    return n\nserve(check)',
  );
  await home.addScript('rejects.mjs', 'serve(async (n) => { if (n === 3) throw new Error(`no ${n}`); return n; });');
  await home.addScript('too-large.mjs', 'serve((n) => n + 254);');
  await home.addScript('too-large.py', 'serve(lambda n: n + 254)');
  await home.addScript(
    'adds.mjs',
    "const { text, list } = parameters();\nserve((n) => `${text} ${list.join('+')} ${n}`);",
  );
  await home.addScript(
    'adds.py',
    "values = parameters()\nserve(lambda n: f\"{values['text']} {'+'.join(map(str, values['list']))} {n}\")",
  );
  for (const format of formats) {
    for (const script of ['fails.mjs', 'fails.py', 'rejects.mjs', 'too-large.mjs', 'too-large.py']) {
      const name = `${script.replaceAll(/\W/g, '_')}_${format}`;
      await home.addFunction({
        name,
        command: `${script} ${name}`,
        arguments: ['UInt8'],
        returns: 'UInt8',
        format,
        chunkHeader: true,
      });
    }
  }
  for (const extension of ['mjs', 'py']) {
    const command = `adds.${extension} {text:String} {list:Array(UInt8)}`;
    await home.addFunction({ name: `adds_${extension}`, command, arguments: ['UInt8'], returns: 'String' });
  }
  engine = await openTestEngine(home);
});

afterAll(async () => {
  await engine.close();
  await home[Symbol.asyncDispose]();
});

describe.each(formats)('in %s', (format) => {
  test.each([
    ['fails_mjs', /^function 'fails_mjs_\w+' failed at row 4 \(3\): RangeError: no such 3 \(fails\.mjs:3\)$/],
    ['fails_py', /^function 'fails_py_\w+' failed at row 4 \(3\): ValueError: no such 3 \(fails\.py:5\)$/],
    ['rejects_mjs', /^function 'rejects_mjs_\w+' failed at row 4 \(3\): Error: no 3 \(rejects\.mjs:3\)$/],
    [
      'too_large_mjs',
      /^function 'too_large_mjs_\w+' failed at row 3 \(2\): expected UInt8 \(a whole number from 0 to 255\), got 256$/,
    ],
    [
      'too_large_py',
      /^function 'too_large_py_\w+' failed at row 3 \(2\): expected UInt8 \(a whole number from 0 to 255\), got 256$/,
    ],
  ])('SQL names the row at which %s does', async (name, message) => {
    const sql = `SELECT ${name}_${format}(number::UInt8) FROM numbers(6)`;
    await expect(read(engine, sql)).rejects.toThrow(message);
  });
});

test.each(['mjs', 'py'])('parameters of the command reach a script in %s', async (extension) => {
  expect(await read(engine, `SELECT adds_${extension}('it''s \\t', [1, 2])(7::UInt8)`)).toBe("it\\'s \\t 1+2 7\n");
});

/** What a function returns, in JavaScript and in Python, and how its refusal begins. */
const wrongResults = [
  ['UInt8', '1.5', '1.5', /expected UInt8 .*got 1\.5/],
  ['Int8', '-129', '-129', /expected Int8 \(a whole number from -128 to 127\), got -129/],
  ['UInt64', '-1n', '-1', /expected UInt64 .*got -1/],
  ['Int128', '2n ** 127n', '2 ** 127', /expected Int128 /],
  ['UInt8', "'1'", "'1'", /expected UInt8 .*got ["']1["']/],
  ['Float64', "'x'", "'x'", /expected Float64 \(a number\)/],
  ['String', '1', '1', /expected String .*got 1/],
  ['String', 'undefined', 'None', /expected String .*got (undefined|None)/],
  ['Nullable(String)', 'undefined', '1', /expected String /],
  ['FixedString(2)', "'é!'", "'é!'", /expected FixedString\(2\) \(at most 2 bytes\), got 3 bytes/],
  ['Decimal(9, 2)', "'1.234'", "'1.234'", /expected Decimal\(9, 2\) .*got ["']1\.234["']/],
  ['Decimal(4, 2)', "'100'", "'100'", /expected Decimal\(4, 2\) /],
  ['Bool', '1', '1', /expected Bool /],
  ['Date', "'2024-02-30'", "'2024-02-30'", /expected Date /],
  ['Date', 'new Date()', '5', /expected Date /],
  ['DateTime', "new Date('x')", "'x'", /expected DateTime /],
  ['DateTime', "'2024-01-31 12:00:00'", "'2024-01-31 12:00:00'", /expected DateTime /],
  ['UUID', "'x'", "'x'", /expected UUID /],
  ['IPv4', "'1.2.3'", "'1.2.3'", /expected IPv4 /],
  ['IPv6', "'1.2.3.4'", "'1.2.3.4'", /expected IPv6 /],
  ["Enum8('a' = 1)", "'b'", "'b'", /expected one of 'a', got ["']b["']/],
  ['Array(UInt8)', '[1, 256]', '[1, 256]', /expected UInt8 .*got 256/],
  ['Array(UInt8)', "'ab'", "'ab'", /expected an? (array|list)/],
  ['Tuple(UInt8, UInt8)', '[1]', '(1,)', /expected a tuple of 2/],
  ['Tuple(a UInt8, b UInt8)', '({ a: 1 })', '{"a": 1}', /expected (an object|a dict) with b/],
  ['Map(String, UInt8)', '[]', '[]', /expected a (Map|dict)/],
  ['Map(UInt8, UInt8)', '({ x: 1 })', '{"x": 1}', /expected (keys that are )?UInt8/],
] as const;

describe.each(kits)('$kit', ({ extension, serve }) => {
  const cases = wrongResults.map((wrong, index) => ({ wrong, format: index % 2 === 0 ? 'TabSeparated' : 'RowBinary' }));
  test.each(cases)('refuses a result that is no $wrong.0', async ({ wrong, format }) => {
    const [returns, inJavaScript, inPython, message] = wrong;
    const run = extension === 'mjs' ? `() => ${inJavaScript}` : `lambda _: ${inPython}`;
    const path = await home.addScript(`wrong.${extension}`, serve(run, { arguments: ['UInt8'], returns, format }));
    const { stdout, stderr, exitCode } = await runScript(path, format === 'RowBinary' ? '\u0007' : '7\n');
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
    const line = Buffer.from(stderr, 'latin1').toString();
    expect(line).toMatch(message);
    expect(line).toMatch(/^embedhouse: function 'wrong\.\w+' failed at row 1 \(7\): .*\n$/);
  });

  test('says that its input ended inside of a row', async () => {
    const types = { arguments: ['UInt32'], returns: 'UInt32', format: 'RowBinary' };
    const path = await home.addScript(
      `cut.${extension}`,
      serve(extension === 'mjs' ? '(n) => n' : 'lambda n: n', types),
    );
    const { stdout, stderr, exitCode } = await runScript(path, 'abcdef');
    expect({ stdout, exitCode }).toEqual({ stdout: 'abcd', exitCode: 1 });
    expect(stderr).toMatch(/^embedhouse: function 'cut\.\w+' failed: the input ended inside of .*\n$/);
  });

  test('says that a function needs an argument', async () => {
    const types = { arguments: [], returns: 'UInt8', format: 'Native' };
    const code = serve(extension === 'mjs' ? '() => 7' : 'lambda: 7', types);
    const { stderr } = await runScript(await home.addScript(`none.${extension}`, code), '');
    expect(stderr).toMatch(/ failed: ClickHouse sends no rows to a function without arguments: declare one\n$/);
  });

  test('says that a block has another number of results', async () => {
    const types = { arguments: ['UInt8'], returns: 'UInt8', format: 'TabSeparated' };
    const code =
      extension === 'mjs'
        ? serve('() => [1]', types).replace('serve(', 'serve.block(')
        : serve('lambda a: [1]', types, 'block=True');
    const { stderr } = await runScript(await home.addScript(`short.${extension}`, code), '1\n2\n3\n');
    expect(stderr).toMatch(
      /failed at rows 1 to 3: expected an? (array|list) with one result for each of 3 rows, got 1 results\n$/,
    );
  });

  test('shows the arguments of a block that has one row', async () => {
    const types = { arguments: ['UInt8', 'String'], returns: 'UInt8', format: 'TabSeparated' };
    const code =
      extension === 'mjs'
        ? serve("() => { throw new Error('no') }", types).replace('serve(', 'serve.block(')
        : serve('lambda a, b: 1 / 0', types, 'block=True');
    const { stderr } = await runScript(await home.addScript(`one.${extension}`, code), '7\tx\n');
    expect(stderr).toMatch(/failed at row 1 \(7, ["']x["']\): (Error: no|ZeroDivisionError)/);
  });

  test.each([
    ['AggregateFunction(sum, UInt8)', /type AggregateFunction .*declare String/],
    ['Array(Dynamic)', /type Dynamic \(in 'Array\(Dynamic\)'\) is not one that a function can have here/],
    ['Array(UInt8', /'Array\(UInt8' is not a ClickHouse type/],
  ])('says that no function can have an argument of %s', async (type, message) => {
    const types = { arguments: [type], returns: 'UInt8', format: 'RowBinary' };
    const path = await home.addScript(
      `type.${extension}`,
      serve(extension === 'mjs' ? '(n) => n' : 'lambda n: n', types),
    );
    const { stderr, exitCode } = await runScript(path, '');
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(1);
  });
});
