import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { openTestEngine, read } from '../engine/open-test-engine.ts';
import { formats, KitHome, type Format } from './kit-home.ts';

const kits = [
  { kit: 'the JavaScript kit', script: 'echo.mjs', code: 'serve((text, texts) => [text, texts]);' },
  { kit: 'the Python kit', script: 'echo.py', code: 'serve(lambda text, texts: (text, texts))' },
];

let home: KitHome;
let engine: Engine;

beforeAll(async () => {
  home = await KitHome.make();
  for (const { script, code } of kits) {
    await home.addScript(script, code);
    for (const format of formats) {
      await home.addFunction({
        name: functionName(script, format),
        command: `${script} ${format}`,
        type: 'executable_pool',
        arguments: ['Nullable(String)', 'Array(String)'],
        returns: 'Tuple(Nullable(String), Array(String))',
        format,
        chunkHeader: true,
      });
    }
  }
  engine = await openTestEngine(home);
});

afterAll(async () => {
  await engine.close();
  await home[Symbol.asyncDispose]();
});

function functionName(script: string, format: Format): string {
  return `${script.replace('.', '_')}_${format}`;
}

/** Letters of every length in UTF-8 beside all that formats escape, quote or end with. */
const oddText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...Array.from('\\\'"`\t\n\r\0\b\f/,:()[]{}NULL'), '\u007F', '\u2028', '\uFEFF', '\\N', '\\x41'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 40,
});

describe.each(kits)('$kit gives back texts of any characters', ({ script }) => {
  test.each(formats)('in %s', async (format) => {
    const row = fc.tuple(fc.option(oddText), fc.array(oddText, { maxLength: 4 }));
    const block = fc.array(row, { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(block, async (values) => {
        const literals = values.map(
          ([text, texts]) => `(${text === null ? 'NULL' : unhex(text)}, [${texts.map(unhex).join(', ')}])`,
        );
        const sql = `SELECT countIf(toString(tuple(text, texts)) != toString(${functionName(script, format)}(text, texts)))
          FROM (SELECT arrayJoin([${literals.join(', ')}]::Array(Tuple(Nullable(String), Array(String)))) AS v, v.1 AS text, v.2 AS texts)`;
        expect(await read(engine, sql)).toBe('0\n');
      }),
      { numRuns: 15, seed: 6 },
    );
  });
});

/** A literal that no format and no quoting touches. */
function unhex(text: string): string {
  return `unhex('${Buffer.from(text).toString('hex')}')`;
}
