import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describeUnreadableAnswer, reasonWords } from './describe-unreadable-answer.ts';
import type { Engine } from './engine.ts';
import { findOddities } from './find-oddities.ts';
import { QueryError } from './query-error.ts';
import { quoteIdentifier } from './quote-identifier.ts';
import { quoteString } from './quote-string.ts';

/** A column of a block: its name and ClickHouse type. */
export interface BlockColumn {
  name: string;
  type: string;
}

/** What of a block could be read. */
export interface ReadBlock {
  /** Whole rows before the first that cannot be read. */
  rowCount: number;
  /** The first few of them as text, each cut at 200 characters. */
  rows: string[];
  /** Why the next row cannot be read. */
  fault?: string;
  /** Whether the block ends in the middle of that row. */
  isCut?: boolean;
}

export interface InspectedBlock {
  /** What in the block ClickHouse drops without a word, and takes the type's default for. */
  lost?: string;
  /** Values that are allowed, and seldom meant. */
  oddities: string[];
}

const shownRows = 10;
const shownCharacters = 200;
/** A function may have types that ClickHouse takes in no table without being told to. */
const typeSettings =
  'flatten_nested = 0, allow_suspicious_fixed_string_types = 1, allow_suspicious_low_cardinality_types = 1, allow_suspicious_variant_types = 1, enable_nullable_tuple_type = 1';

/** One row after the other, so that what comes before a broken row is known; and no guessing at header lines. */
const readingSettings = `${typeSettings}, input_format_parallel_parsing = 0, input_format_csv_detect_header = 0, input_format_tsv_detect_header = 0, input_format_custom_detect_header = 0, max_threads = 1`;

/** Nothing is dropped, and no default put in its place. */
const strictSettings = 'input_format_skip_unknown_fields = 0, input_format_null_as_default = 0';

/** Formats whose rows end with their line. */
const lineFormat = /^(TabSeparated|TSV|TSKV|CSV|LineAsString)/;

/** Blocks of a format as ClickHouse itself writes and reads them, by way of files in a folder that the engine can read. */
export class BlockFormat {
  readonly #engine: Engine;
  readonly #folder: string;
  readonly #format: string;

  constructor(engine: Engine, { folder, format }: { folder: string; format: string }) {
    this.#engine = engine;
    this.#folder = folder;
    this.#format = format;
  }

  /** Counts the rows of a TabSeparated file. @throws QueryError when they are not of the columns' types */
  async count(path: string, columns: readonly BlockColumn[]): Promise<number> {
    const sql = `SELECT count() AS rows FROM (SELECT * FROM ${tabSeparated(path, columns)}) WHERE NOT ignore(*) SETTINGS input_format_null_as_default = 0, input_format_tsv_empty_as_default = 0, ${readingSettings}`;
    const [row] = await this.#engine.rows<{ rows: number }>(sql);
    return row?.rows ?? 0;
  }

  /** Writes rows of a TabSeparated file as one block. */
  async write(
    path: string,
    columns: readonly BlockColumn[],
    { offset, limit }: { offset: number; limit: number },
  ): Promise<Uint8Array> {
    const sql = `SELECT * FROM ${tabSeparated(path, columns)} LIMIT ${limit} OFFSET ${offset} SETTINGS max_block_size = ${offset + limit}, ${readingSettings}`;
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#engine.stream(sql, { format: this.#format })) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Reads a block of one column as far as it goes. `isWhole` says that nothing will follow. */
  async read(bytes: Uint8Array, column: BlockColumn, isWhole: boolean): Promise<ReadBlock> {
    const end = isWhole || !lineFormat.test(this.#format) ? bytes.length : bytes.lastIndexOf(10) + 1;
    return this.#withFile(bytes.subarray(0, end), async (path) => {
      const block = await this.#readFile(path, column);
      const isOpen = block.fault === undefined && end < bytes.length;
      return isOpen ? { ...block, fault: 'its last row has no line end', isCut: true } : block;
    });
  }

  /** Looks into a block that can be read for what is allowed and seldom meant. */
  async inspect(bytes: Uint8Array, column: BlockColumn): Promise<InspectedBlock> {
    return this.#withFile(bytes, async (path) => {
      const source = this.#source(path, column);
      const lost = await findLost(
        async () => this.#engine.rows(`SELECT ignore(*) FROM ${source} SETTINGS ${readingSettings}, ${strictSettings}`),
        column,
      );
      return { ...(lost !== undefined && { lost }), oddities: await findOddities(this.#engine, source, column) };
    });
  }

  async #withFile<T>(bytes: Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
    const path = join(this.#folder, `${randomUUID()}.block`);
    await writeFile(path, bytes);
    try {
      return await use(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  #source(path: string, { name, type }: BlockColumn): string {
    return `file(${quoteString(path)}, ${this.#format}, ${quoteString(`${quoteIdentifier(name)} ${type}`)})`;
  }

  async #readFile(path: string, column: BlockColumn): Promise<ReadBlock> {
    const name = quoteIdentifier(column.name);
    const select = async (limit = '', settings = readingSettings): Promise<{ rowCount: number; rows: string[] }> => {
      const rows = `SELECT ${name} FROM ${this.#source(path, column)} ${limit}`;
      const sql = `SELECT count() AS rowCount, groupArray(${shownRows})(left(toString(${name}), ${shownCharacters})) AS rows FROM (${rows}) SETTINGS ${settings}`;
      const [row] = await this.#engine.rows<{ rowCount: number; rows: string[] }>(sql);
      return row ?? { rowCount: 0, rows: [] };
    };
    try {
      return await select();
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      const selectFirst = async (limit: number): ReturnType<typeof select> =>
        select(`LIMIT ${limit}`, `${readingSettings}, max_block_size = 1`);
      const rowCount = await lastGood(selectFirst);
      const block = rowCount === 0 ? { rowCount, rows: [] } : await selectFirst(rowCount);
      return { ...block, ...describeFault(error, path) };
    }
  }
}

function tabSeparated(path: string, columns: readonly BlockColumn[]): string {
  const structure = columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`).join(', ');
  return `file(${quoteString(path)}, TabSeparated, ${quoteString(structure)})`;
}

function describeFault(error: QueryError, path: string): Pick<ReadBlock, 'fault' | 'isCut'> {
  const text = error.cause instanceof Error ? error.cause.message : error.message;
  const original = text
    .replace(/^Code: \d+\. DB::Exception: /, '')
    .replaceAll(`: (in file/uri ${path})`, '')
    .replaceAll(path, 'the answer');
  const isCut = /Cannot read all data|Unexpected (?:EOF|end)|end of (?:stream|file)|Attempt to read after eof/i.test(
    original,
  );
  return { fault: describeUnreadableAnswer(original) ?? reasonWords(original), isCut };
}

async function findLost(
  readStrictly: () => Promise<unknown>,
  { name, type }: BlockColumn,
): Promise<string | undefined> {
  try {
    await readStrictly();
    return undefined;
  } catch (error) {
    const unknown = /Unknown field found while parsing [^:]*: (?<name>[^:\s]+)/.exec(String(error))?.groups?.['name'];
    return unknown === undefined
      ? `a NULL for a ${type}`
      : `it is called ${unknown}, and ${name} is expected (<return_name>)`;
  }
}

/** The greatest number of rows that can be read, of which 0 can: doubling, then halving. */
async function lastGood(read: (rows: number) => Promise<{ rowCount: number }>): Promise<number> {
  const isGood = async (rows: number): Promise<boolean> => {
    try {
      return (await read(rows)).rowCount === rows;
    } catch {
      return false;
    }
  };
  let good = 0;
  let bad = 1;
  while (await isGood(bad)) [good, bad] = [bad, bad * 2];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (await isGood(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
