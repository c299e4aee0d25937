import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Engine } from '../../../src/engine/engine.ts';
import { quoteString } from '../../../src/engine/quote-string.ts';
import {
  ingestLaion,
  type IngestLaionOptions,
  type IngestLaionResult,
} from '../../../src/ingest/laion/ingest-laion.ts';
import type { LaionReport } from '../../../src/ingest/laion/laion-report.ts';
import { parseTableName } from '../../../src/ingest/table-name.ts';

export const laionFixtures = fileURLToPath(new URL('../../fixtures/laion', import.meta.url));
export const recordedParts = join(laionFixtures, 'parts');

/** What Python read from a part; `null` is NULL, or NaN. */
export interface RecordedPart {
  url: string[];
  caption: (string | null)[];
  NSFW: (string | null)[];
  similarity: (number | null)[];
  width: (number | null)[];
  height: number[];
  LICENSE?: (string | null)[];
  image_embedding: number[][];
  text_embedding: number[][];
  image_embedding_bfloat16?: number[][];
  text_embedding_bfloat16?: number[][];
}

export async function readRecorded(part: 0 | 1): Promise<RecordedPart> {
  // Written by scripts/fixtures/laion.py.
  const recorded = JSON.parse(await readFile(join(laionFixtures, 'expected.json'), 'utf8')) as RecordedPart[];
  return recorded[part] as RecordedPart; // Recorded of both.
}

export const rowsOfPart = { 0: 60, 1: 45 } as const;
export const firstIdOfPart = 100_000_000;

/** Makes a temporary folder, which the caller removes. */
export async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'eh-laion-'));
}

export const filesOfPart = (part: number | string): string[] => [
  `img_emb_${part}.npy`,
  `text_emb_${part}.npy`,
  `metadata_${part}.parquet`,
];

/** Copies a recorded part to a folder, under a number. */
export async function copyPart(part: 0 | 1, folder: string, number: number | string = part): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = filesOfPart(number);
  await Promise.all(
    filesOfPart(part).map(async (name, index) => cp(join(recordedParts, name), join(folder, names[index] ?? name))),
  );
}

/** Changes a file's bytes. */
export async function damage(path: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
  await writeFile(path, change(await readFile(path)));
}

interface IngestOptions extends Partial<Omit<IngestLaionOptions, 'report' | 'table'>> {
  folder: string;
  table: string;
  report?: Partial<LaionReport>;
}

/** Loads with an engine that both reads and has the table. */
export async function ingest(engine: Engine, options: IngestOptions): Promise<IngestLaionResult> {
  const nothing = (): void => {};
  return ingestLaion({
    reader: engine,
    target: engine,
    signal: new AbortController().signal,
    ...options,
    table: parseTableName(options.table),
    report: {
      checking: nothing,
      leftOut: nothing,
      wasLoaded: nothing,
      begin: nothing,
      beginPart: nothing,
      rows: nothing,
      loaded: nothing,
      ...options.report,
    },
  });
}

/** The tables beside one that this command makes while it loads. */
export async function stagingTables(engine: Engine): Promise<string[]> {
  const tables = await engine.rows<{ name: string }>(
    "SELECT name FROM system.tables WHERE name LIKE '%\\_loading\\_%' ORDER BY name",
  );
  return tables.map(({ name }) => name);
}

/** Writes a parquet file of what a SELECT gives. */
export async function writeParquet(engine: Engine, path: string, select: string): Promise<void> {
  await engine.run(
    `INSERT INTO FUNCTION file(${quoteString(path)}, Parquet) ${select} SETTINGS engine_file_truncate_on_insert = 1`,
  );
}
