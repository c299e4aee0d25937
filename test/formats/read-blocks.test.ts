import { Buffer } from 'node:buffer';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Row } from '../../src/formats/row-reader.ts';
import type { VectorFormatName } from '../../src/formats/vector-format.ts';
import { cut, readAll, recordedBlocks, recordedValues } from './recorded-blocks.ts';

const formats: VectorFormatName[] = ['RowBinary', 'Native', 'TabSeparated'];
const cases = formats.flatMap((format) => [false, true].map((chunkHeader) => ({ format, chunkHeader })));
const typedCases = cases.filter(({ format }) => format !== 'RowBinary');

const rows = recordedValues.map((value) => [value]);
/** Strings compare far faster than buffers. */
const asText = (rows: readonly Row[]): string[] => rows.map(([cell]) => cell?.toString('latin1') ?? 'NULL');
const fixed = (value: Buffer): Buffer => Buffer.concat([value.subarray(0, 12), Buffer.alloc(12)]).subarray(0, 12);
const isDog = (value: Buffer): boolean => value.equals(Buffer.from('a dog'));

/** Only a chunk header and a Native block say how many rows a block has. */
function expectedBlockEnds(format: VectorFormatName, chunkHeader: boolean): number[] {
  return chunkHeader || format === 'Native' ? [4, 8, 10] : [];
}

describe.each(cases)('$format blocks, chunk header: $chunkHeader', ({ format, chunkHeader }) => {
  const bytes = recordedBlocks(format, 'String', chunkHeader);

  test('give the values that ClickHouse wrote', () => {
    expect(readAll([bytes], { format, chunkHeader })).toEqual({
      rows,
      blockEnds: expectedBlockEnds(format, chunkHeader),
    });
  });

  test('give the same values when each byte comes alone', () => {
    const single = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
    expect(readAll(single, { format, chunkHeader })).toEqual({
      rows,
      blockEnds: expectedBlockEnds(format, chunkHeader),
    });
  });

  test('give the same values however they are cut', () => {
    const place = fc.oneof(fc.nat(bytes.length), fc.nat(200));
    fc.assert(
      fc.property(fc.array(place, { maxLength: 40 }), (places) => {
        const read = readAll(cut(bytes, places), { format, chunkHeader });
        expect(asText(read.rows)).toEqual(asText(rows));
      }),
      { numRuns: 100 },
    );
  });
});

describe.each(typedCases)('$format blocks of other types, chunk header: $chunkHeader', ({ format, chunkHeader }) => {
  test('give a FixedString with its padding', () => {
    const { rows } = readAll([recordedBlocks(format, 'FixedString', chunkHeader)], { format, chunkHeader });
    expect(rows).toEqual(recordedValues.map((value) => [fixed(value)]));
  });

  test('give NULL as null and every other value as it is', () => {
    const { rows } = readAll([recordedBlocks(format, 'Nullable', chunkHeader)], { format, chunkHeader });
    expect(rows).toEqual(recordedValues.map((value) => [isDog(value) ? null : value]));
  });

  test('give a Nullable FixedString', () => {
    const { rows } = readAll([recordedBlocks(format, 'NullableFixedString', chunkHeader)], { format, chunkHeader });
    expect(rows).toEqual(recordedValues.map((value) => [isDog(value) ? null : fixed(value)]));
  });
});
