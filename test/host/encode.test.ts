import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { VectorFormatName } from '../../src/formats/vector-format.ts';
import { greatestDifference, readExpected, type Expected } from '../models/fixtures.ts';
import { readVectors, writeBlock } from './function-bytes.ts';
import { fixturesPath, imagesPath, TestRuntime, type Finished, type StartOptions } from './hosted-function.ts';

const formats: VectorFormatName[] = ['RowBinary', 'Native', 'TabSeparated'];
const cases = formats.flatMap((format) => [true, false].map((chunkHeader) => ({ format, chunkHeader })));
const zeros = Array.from({ length: 16 }, () => 0);

let expected: Expected;
let runtime: TestRuntime;

beforeAll(async () => {
  expected = await readExpected();
  runtime = new TestRuntime();
});

afterAll(async () => {
  await runtime?.[Symbol.asyncDispose]();
});

/** Calls a function with one block of values in RowBinary with a chunk header. */
async function encode(
  command: string,
  values: readonly (string | Buffer)[],
  options?: StartOptions,
): Promise<Finished> {
  const input = writeBlock('RowBinary', values);
  return runtime.call(`${command} --format RowBinary --chunk-header`, input, options);
}

/** The vectors of a call that succeeded. */
async function vectorsOf(answer: Promise<Finished>): Promise<number[][]> {
  const { code, stdout, stderr } = await answer;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return readVectors('RowBinary', stdout);
}

/** The one sentence of a call that failed. */
async function failureOf(answer: Promise<Finished>): Promise<string> {
  const { code, stderr } = await answer;
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^embedhouse: [^\n]+\n$/) });
  return stderr.trimEnd();
}

/** The greatest difference from recorded vectors in any component; infinite if there are more or fewer rows. */
function worstOf(actual: number[][], expected: readonly { vector: number[] }[]): number {
  const differences = expected.map(({ vector }, row) => greatestDifference(actual[row] ?? [], vector));
  return actual.length === expected.length ? Math.max(...differences) : Number.POSITIVE_INFINITY;
}

describe.each(cases)('in $format, chunk header: $chunkHeader', ({ format, chunkHeader }) => {
  const options = `--format ${format}${chunkHeader ? ' --chunk-header' : ''}`;

  test('texts get the vectors of the reference', async () => {
    // Tabs and line feeds would need escapes in TabSeparated: its reader has tests of its own.
    const rows = expected.texts.filter(({ text }) => !/\p{Cc}/u.test(text));
    const input = Buffer.concat([
      writeBlock(
        format,
        rows.slice(0, 3).map(({ text }) => text),
        chunkHeader,
      ),
      writeBlock(
        format,
        rows.slice(3).map(({ text }) => text),
        chunkHeader,
      ),
    ]);
    const { stdout, stderr } = await runtime.call(`encode_text --input text ${options}`, input);
    expect(stderr).toBe('');
    expect(worstOf(readVectors(format, stdout), rows)).toBeLessThan(1e-4);
  });

  test('image files get the vectors of the reference', async () => {
    const paths = expected.images.map(({ file }) => join(imagesPath, file));
    const input = writeBlock(format, paths, chunkHeader);
    const { stdout, stderr } = await runtime.call(`encode_image --input image ${options}`, input);
    expect(stderr).toBe('');
    expect(worstOf(readVectors(format, stdout), expected.images)).toBeLessThan(1e-4);
  });
});

test('the bytes of image files get the vectors of the reference', async () => {
  const values = expected.images.map(({ file }) => readFileSync(join(imagesPath, file)));
  expect(worstOf(await vectorsOf(encode('f --input image-bytes', values)), expected.images)).toBeLessThan(1e-4);
});

test('thousands of rows with repeats keep their order, each with the vector it has alone, bit for bit', async () => {
  const words = ['a', 'dog', 'and', 'the', 'cat', 'on', 'red', 'house', 'of', 'stone'];
  // Few enough distinct texts to ask for each alone; lengths from one word to over the limit of 77 tokens.
  const texts = Array.from({ length: 40 }, (_, index) =>
    Array.from(
      { length: 1 + (index % 20) ** 2 },
      (_, word) => words[(((index + 3) * (word + 5) * (word + index)) % 97) % 10],
    ).join(' '),
  );
  const rows = Array.from({ length: 5_000 }, (_, row) => (row * 17 + (row % 7)) % texts.length);
  const vectors = await vectorsOf(
    encode(
      'f --input text',
      rows.map((index) => texts[index] ?? ''),
    ),
  );

  await using other = new TestRuntime();
  const bridge = other.startBridge('f --input text --format RowBinary --chunk-header');
  const alone: number[][] = [];
  for (const text of texts) {
    const before = bridge.output().length;
    bridge.child.stdin.write(writeBlock('RowBinary', [text]));
    await expect.poll(() => bridge.output().length, { interval: 2, timeout: 10_000 }).toBe(before + 65);
    alone.push(...readVectors('RowBinary', bridge.output().subarray(before)));
  }
  expect(new Set(alone.map(String)).size).toBeGreaterThan(20);
  expect(vectors).toEqual(rows.map((index) => alone[index]));
});

describe('an empty value', () => {
  test('is the empty text', async () => {
    expect(worstOf(await vectorsOf(encode('f --input text', [''])), expected.texts.slice(0, 1))).toBeLessThan(1e-4);
  });

  test('is a zero vector for an image’s path and for its bytes', async () => {
    expect(await vectorsOf(encode('f --input image', ['', '']))).toEqual([zeros, zeros]);
    expect(await vectorsOf(encode('f --input image-bytes', ['']))).toEqual([zeros]);
  });
});

describe('a bad row', () => {
  test('fails the query with one sentence that names the file', async () => {
    const missing = join(imagesPath, 'no-such.jpg');
    const good = join(imagesPath, 'grey.png');
    expect(await failureOf(encode('encode_image --input image', [good, missing]))).toContain(
      `encode_image: image '${missing}'`,
    );
    const notAnImage = join(imagesPath, 'expected.json');
    expect(await failureOf(encode('encode_image --input image', [notAnImage]))).toContain(notAnImage);
    expect(await failureOf(encode('encode_image_bytes --input image-bytes', ['no image']))).toMatch(/image/i);
  });

  test('is a zero vector with --on-error zero, and counted', async () => {
    const before = await runtime.status();
    const good = join(imagesPath, 'grey.png');
    const vectors = await vectorsOf(encode('f --input image --on-error zero', ['/no/such.png', good, '/no/such.png']));
    expect(vectors).toEqual([zeros, expect.not.arrayContaining([0]), zeros]);
    const texts = await vectorsOf(encode('f --input text --on-error zero', ['a dog', Buffer.from([0xff])]));
    expect(texts[1]).toEqual(zeros);
    const { rows } = await runtime.status();
    expect(rows.zeroed - before.rows.zeroed).toBe(3);
    expect(rows.image - before.rows.image).toBe(3);
    expect(rows.text - before.rows.text).toBe(2);
  });

  test('of bytes that are not UTF-8 is shown, with the conversion that helps', async () => {
    const message = await failureOf(encode('encode_text --input text', ['a dog', Buffer.from([0x61, 0xe9])]));
    expect(message).toContain(String.raw`encode_text: 'a\xe9' is not UTF-8 text`);
    expect(message).toContain('toValidUTF8(x)');
  });
});

describe('an image’s path', () => {
  test('starts at the folder of the process that calls the function if it is relative', async () => {
    const vectors = await vectorsOf(encode('f --input image', ['shrunk.jpg'], { cwd: imagesPath }));
    expect(
      worstOf(
        vectors,
        expected.images.filter(({ file }) => file === 'shrunk.jpg'),
      ),
    ).toBeLessThan(1e-4);
  });

  test('must lie in one of --image-folders, wherever it leads', async () => {
    // ClickHouse cuts a command at each space, which the path of this folder may have: it is named by `.`.
    const command = 'f --input image --image-folders .:/no/such';
    const here = { cwd: imagesPath };
    expect(await vectorsOf(encode(command, [join(imagesPath, 'grey.png')], here))).toHaveLength(1);
    for (const path of [
      join(fixturesPath, 'tiny-clip/config.json'),
      join(imagesPath, '../tiny-clip/config.json'),
      '/etc/no-such',
    ]) {
      expect(await failureOf(encode(command, [path], here))).toContain('outside the folders');
    }
    const byEnvironment = encode('f --input image', ['/etc/hostname'], {
      env: { EMBEDHOUSE_IMAGE_FOLDERS: imagesPath },
    });
    expect(await failureOf(byEnvironment)).toContain('outside the folders');
  });
});

describe('a function’s command', () => {
  test('that names a model which is not installed fails with what to do', async () => {
    const message = await failureOf(encode('f --input text --model no-such-model', ['a dog']));
    expect(message).toContain("'no-such-model'");
  });

  test('that names a dtype which the model lacks fails with those it has', async () => {
    expect(await failureOf(encode('f --input text --dtype int8', ['a dog']))).toMatch(
      /no int8 files in [^;]*, only fp32;/,
    );
  });

  test('that the host does not know fails with what was expected', async () => {
    const message = await failureOf(encode('f --input sound', ['a dog']));
    expect(message).toContain('embed FUNCTION --input text|image|image-bytes');
  });

  test('of another format than the definition’s fails', async () => {
    const input = Buffer.from('a dog\n');
    expect(await failureOf(runtime.call('f --input text --format RowBinary', input))).toContain('<format>');
    expect(await failureOf(runtime.call('f --input text --format Native', input))).toContain('columns in a block');
    expect(await failureOf(runtime.call('f --input text --format RowBinary --chunk-header', input))).toContain(
      '<send_chunk_header>',
    );
  });
});

test('an image that was asked before comes from the cache, by its path until the file changes and by its bytes', async () => {
  const path = join(runtime.folder, 'picture.png');
  // What stands behind the image's end makes it one that no other test has asked for.
  const bytes = Buffer.concat([readFileSync(join(imagesPath, 'rgba.png')), Buffer.from('of this test')]);
  writeFileSync(path, bytes);
  const hits = async (): Promise<number> => (await runtime.status()).cache.hits;
  const before = await hits();
  const byPath = await vectorsOf(encode('f --input image', [path]));
  expect(await vectorsOf(encode('f --input image', [path]))).toEqual(byPath);
  expect(await hits()).toBe(before + 1);
  expect(await vectorsOf(encode('f --input image-bytes', [bytes]))).toEqual(byPath);
  expect(await vectorsOf(encode('f --input image-bytes', [bytes]))).toEqual(byPath);
  expect(await hits()).toBe(before + 2);
  writeFileSync(path, readFileSync(join(imagesPath, 'shrunk.jpg')));
  expect(await vectorsOf(encode('f --input image', [path]))).not.toEqual(byPath);
  expect(await hits()).toBe(before + 2);
  // What is remembered is no way around the folders that a function may read.
  expect(await failureOf(encode('f --input image --image-folders /nowhere', [path]))).toContain('outside the folders');
});

test('host status --json has all that describes the host', async () => {
  const { code, stdout } = await runtime.embedhouse('host', 'status', '--json');
  expect(code).toBe(0);
  const status = await runtime.status();
  expect(JSON.parse(stdout.toString())).toEqual({
    pid: status.pid,
    socket: runtime.paths.socket,
    log: runtime.paths.log,
    uptimeS: expect.any(Number),
    idleTimeoutS: 600,
    residentBytes: expect.any(Number),
    encoders: status.encoders.map(({ pid }) => ({
      pid,
      state: pid === null ? 'stopped' : 'ready',
      residentBytes: expect.any(Number),
      restarts: 0,
      models: expect.any(Array),
      runs: 0,
    })),
    models: {
      limitBytes: expect.any(Number),
      usedBytes: expect.any(Number),
      loads: expect.any(Number),
      unloads: 0,
    },
    rows: { text: expect.any(Number), image: expect.any(Number), zeroed: 3 },
    connections: 1,
    queue: { interactive: 0, bulk: 0 },
    cache: {
      entries: expect.any(Number),
      bytes: expect.any(Number),
      hits: expect.any(Number),
      misses: expect.any(Number),
    },
  });
});

test('a model that is replaced on disk is used as it is now', async () => {
  const models = join(runtime.folder, 'models');
  cpSync(join(fixturesPath, 'tiny-clip'), join(models, 'changing'), { recursive: true });
  const options = { env: { EMBEDHOUSE_MODELS: models, EMBEDHOUSE_MODEL: 'changing' } };
  const before = await vectorsOf(encode('f --input text', ['a dog'], options));
  const tower = join(models, 'changing/onnx/text_model.onnx');
  const bytes = readFileSync(tower);
  // The weights of the last layer stand at the end of the file: other ones make it another model.
  bytes.copy(bytes, bytes.length - 2_000, bytes.length - 1_000, bytes.length - 200);
  writeFileSync(tower, bytes);
  const after = await vectorsOf(encode('f --input text', ['a dog'], options));
  expect(greatestDifference(before[0] ?? [], after[0] ?? [])).toBeGreaterThan(1e-3);
  const { encoders } = await runtime.status();
  const towers = encoders.flatMap((encoder) => encoder.models).filter(({ model }) => model === 'changing');
  expect(towers).toMatchObject([
    { tower: 'text', dtype: 'fp32', threads: availableParallelism(), loadMs: expect.any(Number) },
  ]);
});
