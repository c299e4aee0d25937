import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { ByteQueue } from '../../src/formats/byte-queue.ts';
import type { Row } from '../../src/formats/row-reader.ts';
import { vectorFormats, type VectorFormatName } from '../../src/formats/vector-format.ts';

const folder = fileURLToPath(new URL('../fixtures/function-blocks', import.meta.url));

/** The ten values of which scripts/fixtures/function-blocks.mjs recorded blocks of four, four and two rows. */
export const recordedValues: Buffer[] = (
  JSON.parse(readFileSync(`${folder}/values.json`, 'utf8')) as { values: string[] }
).values.map((value) => Buffer.from(value, 'base64'));

/** Reads the bytes that ClickHouse wrote to a function with an argument of the named type. */
export function recordedBlocks(format: VectorFormatName, type: string, chunkHeader: boolean): Buffer {
  return readFileSync(`${folder}/${format}-${type}${chunkHeader ? '-chunk-header' : ''}.bin`);
}

export interface ReadOptions {
  format: VectorFormatName;
  chunkHeader?: boolean;
  columns?: number;
}

/** Gives a reader the chunks one by one and collects what it answers until it wants more. */
export function readAll(chunks: readonly Buffer[], options: ReadOptions): { rows: Row[]; blockEnds: number[] } {
  const { format, chunkHeader = false, columns = 1 } = options;
  const bytes = new ByteQueue();
  const reader = vectorFormats[format].read(bytes, { columns, chunkHeader });
  const rows: Row[] = [];
  const blockEnds: number[] = [];
  for (const chunk of chunks) {
    bytes.push(chunk);
    for (let step = reader.next().value; step.type !== 'needsMore'; step = reader.next().value) {
      if (step.type === 'row') {
        rows.push(step.row);
      } else {
        blockEnds.push(rows.length);
      }
    }
  }
  return { rows, blockEnds };
}

/** Cuts bytes at the given places, in any order and perhaps repeated. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places)].filter((place) => place > 0 && place < bytes.length).toSorted((a, b) => a - b);
  return [0, ...sorted].map((start, index) => bytes.subarray(start, sorted[index] ?? bytes.length));
}
