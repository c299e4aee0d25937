import { expect, test } from 'vitest';

import { readAnswer } from '../../../src/engine/remote/read-answer.ts';

const tag = 'dmrdfnujjqvszhav';
// As https://clickhouse.com/docs/interfaces/http shows it; ClickHouse ends the text with a bare newline.
const text =
  "Code: 395. DB::Exception: Value passed to 'throwIf' function is non-zero. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)";
const block = `\r\n__exception__\r\n${tag}\r\n${text}\n${text.length + 1} ${tag}\r\n__exception__\r\n`;

/** The answer in pieces of `size` bytes; `isCut` breaks the connection behind them. */
async function* pieces(answer: string, size: number, isCut = false): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(answer, 'latin1');
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
  if (isCut) throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}

async function read(chunks: AsyncIterable<Uint8Array>, withTag: string | null = tag): Promise<[string, string?]> {
  let data = '';
  try {
    for await (const chunk of readAnswer(chunks, withTag ?? undefined, (failure) => new Error(failure))) {
      data += Buffer.from(chunk).toString('latin1');
    }
    return [data];
  } catch (error) {
    return [data, error instanceof Error ? error.message : 'no error'];
  }
}

const sizes = Array.from({ length: 40 }, (_, index) => index + 1).concat(1000);

test('gives the data in front of a failure, and the failure, however the bytes are cut', async () => {
  for (const size of sizes) {
    expect(await read(pieces(`1\n2\n${block}`, size))).toEqual(['1\n2\n', text]);
    expect(await read(pieces(`1\n2\n${block}`, size, true))).toEqual(['1\n2\n', text]);
  }
  expect(await read(pieces(block, 7))).toEqual(['', text]);
});

test('gives the failure when its end is cut off', async () => {
  expect(await read(pieces(`1\n${block.slice(0, -30)}`, 9, true))).toEqual(['1\n', expect.stringContaining(text)]);
});

test('data that is like the mark is data', async () => {
  const data = `\r\n__exception__\r\n\r\n__exception__\r\nabc\r\n${tag}\r\n__exception__\r\n${tag.slice(0, 15)}\r\n\r\n__exc`;
  for (const size of sizes) expect(await read(pieces(data, size))).toEqual([data]);
});

test('an answer that breaks off without a failure is an error, with all that came', async () => {
  expect(await read(pieces('1\n2\n', 3, true))).toEqual(['1\n2\n', 'aborted']);
  expect(await read(pieces('1\n2\n', 3, true), null)).toEqual(['1\n2\n', 'aborted']);
});

test('without a tag every byte is data', async () => {
  expect((await read(pieces(block, 5), null))[0]).toBe(block);
});
