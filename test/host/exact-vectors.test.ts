import { chmodSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { openModelFolder } from '../../src/models/model-folder.ts';
import { quantizeModel } from '../../src/models/quantize-model.ts';
import { openTestEngine } from '../engine/open-test-engine.ts';
import { bridgeProgram, imagesPath, mainProgram, TestRuntime, until } from './hosted-function.ts';

/**
 * Two hosts behind one engine: f_text, f_int8 and f_image compute every row, f_cached remembers. The bundled model has the
 * published layout.
 */
const uncached = new TestRuntime();
const cached = new TestRuntime();
const models = join(uncached.folder, 'models');
let engine: Engine;

beforeAll(async () => {
  const functions = join(uncached.folder, 'functions');
  const scripts = join(uncached.folder, 'scripts');
  mkdirSync(functions);
  mkdirSync(scripts);
  cpSync(join(import.meta.dirname, '../../models/emoji-clip'), join(models, 'emoji-clip'), { recursive: true });
  const { signal } = new AbortController();
  await quantizeModel(await openModelFolder(models, 'emoji-clip'), { signal, sample: { texts: 20, images: 5 } });
  const startHost = async (runtime: TestRuntime, cacheMib: number): Promise<void> => {
    runtime.start(mainProgram, ['host', 'run', '--cache-mib', String(cacheMib)]);
    await until(async () => (await runtime.embedhouse('host', 'status')).code === 0, 'the host listens');
  };
  const addFunction = (name: string, input: string, runtime: TestRuntime): void => {
    const { EMBEDHOUSE_RUNTIME, EMBEDHOUSE_GRAPHS } = runtime.env;
    const script = `#!/bin/sh
export EMBEDHOUSE_RUNTIME='${EMBEDHOUSE_RUNTIME}' EMBEDHOUSE_GRAPHS='${EMBEDHOUSE_GRAPHS}' EMBEDHOUSE_MODELS='${models}'
exec '${process.execPath}' '${bridgeProgram}' "$@"
`;
    writeFileSync(join(scripts, name), script);
    chmodSync(join(scripts, name), 0o755);
    writeFileSync(
      join(functions, `${name}_function.xml`),
      `<functions><function><type>executable_pool</type><name>${name}</name>
      <argument><type>String</type></argument><return_type>Array(Float32)</return_type><format>Native</format>
      <command>${name} ${name} --input ${input} --format Native --chunk-header --model emoji-clip</command>
      <send_chunk_header>1</send_chunk_header><command_read_timeout>60000</command_read_timeout>
      </function></functions>`,
    );
  };
  await startHost(uncached, 0);
  await startHost(cached, 64);
  addFunction('f_text', 'text', uncached);
  addFunction('f_int8', 'text --dtype int8-row', uncached);
  addFunction('f_image', 'image', uncached);
  addFunction('f_cached', 'text', cached);
  engine = await openTestEngine({ functionsPath: functions, userScriptsPath: scripts });
});

afterAll(async () => {
  await engine.close();
  await uncached[Symbol.asyncDispose]();
  await cached[Symbol.asyncDispose]();
});

/** The vectors as their bits, in a digest: what differs in one bit differs. `rows` is SQL that gives a column `row`. */
async function bitsOfQuery(call: string, rows: string, params: Record<string, string> = {}): Promise<string[]> {
  const answers = await engine.rows<{ bits: string; length: number }>(
    `SELECT hex(SHA256(arrayStringConcat(arrayMap(x -> reinterpretAsFixedString(x), v)))) AS bits, length(v) AS length
     FROM (SELECT ${call}(row) AS v FROM (${rows}))`,
    { params },
  );
  expect(answers.every(({ length }) => length === 512)).toBe(true);
  return answers.map(({ bits }) => bits);
}

async function bitsOf(call: string, rows: readonly string[]): Promise<string[]> {
  const quoted = rows.map((row) => `'${row.replaceAll(/['\\]/g, String.raw`\$&`)}'`);
  return bitsOfQuery(call, 'SELECT arrayJoin({rows:Array(String)}) AS row', { rows: `[${quoted.join(',')}]` });
}

const words = fc.constantFrom(
  'dog',
  'cat',
  'smiling',
  'face',
  'with',
  'the',
  'red',
  'heart',
  'Ünïcödé',
  '🎉',
  '犬',
  '7',
);
const texts = fc.oneof(
  { weight: 4, arbitrary: fc.array(words, { maxLength: 12 }).map((parts) => parts.join(' ')) },
  { weight: 1, arbitrary: fc.array(words, { minLength: 60, maxLength: 120 }).map((parts) => parts.join(' ')) },
  // What a parameter's notation would change is left out: control characters.
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll(/\p{Cc}/gu, '')),
  },
);

test('a text has the same 512 floats alone and among others, in any order, from the cache or not', async () => {
  const bitsAlone = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 60 }), async (rows) => {
      for (const row of rows) {
        if (!bitsAlone.has(row)) {
          bitsAlone.set(row, (await bitsOf('f_text', [row]))[0] ?? '');
        }
      }
      const expected = rows.map((row) => bitsAlone.get(row));
      expect(await bitsOf('f_text', rows)).toEqual(expected);
      expect(await bitsOf('f_text', rows.toReversed())).toEqual(expected.toReversed());
      // First partly and then wholly from the cache.
      expect(await bitsOf('f_cached', rows)).toEqual(expected);
      expect(await bitsOf('f_cached', rows.toReversed())).toEqual(expected.toReversed());
    }),
    { numRuns: 12 },
  );
  expect(new Set(bitsAlone.values()).size).toBeGreaterThan(20);
  expect((await cached.status()).cache.hits).toBeGreaterThan(0);
  expect((await uncached.status()).cache).toEqual({ entries: 0, bytes: 0, hits: 0, misses: expect.any(Number) });
});

test.each(['f_text', 'f_int8'])(
  'a text has the same vector of %s in a block of 5 000 that keeps every encoder busy',
  async (call) => {
    const rows = "SELECT repeat('dog ', number % 40) || toString(number % 700) AS row FROM numbers(5000)";
    const together = await bitsOfQuery(call, rows);
    expect(together).toHaveLength(5_000);
    for (const row of [0, 1, 39, 700, 4_999]) {
      expect(await bitsOf(call, [`${'dog '.repeat(row % 40)}${row % 700}`])).toEqual([together[row]]);
    }
  },
);

test('vectors of int8-row are near those of fp32, and not the same', async () => {
  const [row] = await engine.rows<{ near: number; same: number }>(
    "SELECT cosineDistance(f_text('a smiling cat'), f_int8('a smiling cat')) < 0.003 AS near, f_text('a smiling cat') = f_int8('a smiling cat') AS same",
  );
  expect(row).toEqual({ near: 1, same: 0 });
});

test('an image has the same vector alone and among others', async () => {
  const rows = readdirSync(imagesPath)
    .filter((file) => /\.(png|jpg|webp|gif)$/.test(file))
    .map((file) => join(imagesPath, file));
  const together = await bitsOf('f_image', rows);
  expect(await bitsOf('f_image', rows.toReversed())).toEqual(together.toReversed());
  for (const [index, row] of rows.entries()) {
    expect(await bitsOf('f_image', [row])).toEqual([together[index]]);
  }
});
