import type { Engine } from '../../engine/engine.ts';
import { quoteString } from '../../engine/quote-string.ts';
import { prefixOf, type Place } from './place.ts';
import { inLists } from './sql-text.ts';

/** What a table holds of a file, as far as it says whether the file has changed. */
export interface StoredFile {
  bytes: number;
  /** In microseconds since 1970. */
  modified: number;
  /** Of a failure: the reason. */
  text: string;
  /** More than 1 only after two runs at a time. */
  copies: number;
}

interface ReadOptions {
  engine: Engine;
  /** A quoted name. */
  table: string;
  /** What `text` is. */
  column: 'caption' | 'reason';
  places: readonly Place[];
  signal: AbortSignal;
}

/** Reads what a table holds of the files below the places' roots, by their paths; of globs, also what they do not match. */
export async function readStored(options: ReadOptions): Promise<Map<string, StoredFile>> {
  const { engine, table, column, places, signal } = options;
  const stored = new Map<string, StoredFile>();
  for (const condition of conditionsOf(places)) {
    const sql = `SELECT path, any(bytes), toUnixTimestamp64Micro(any(modified)), any(${column}), count() FROM ${table} WHERE ${condition} GROUP BY path`;
    for await (const line of readLines(engine.stream(sql, { format: 'JSONCompactEachRow', signal }))) {
      // The statement above gives these columns; 64-bit integers come as numbers or as text, as the server is set.
      const [path, bytes, modified, text, copies] = JSON.parse(line) as [string, unknown, unknown, string, unknown];
      stored.set(path, { bytes: Number(bytes), modified: Number(modified), text, copies: Number(copies) });
    }
  }
  return stored;
}

function conditionsOf(places: readonly Place[]): string[] {
  const files = places.filter(({ kind }) => kind === 'file').map(({ root }) => root);
  const folders = new Set(places.filter(({ kind }) => kind !== 'file').map(({ root }) => root));
  return [
    ...[...folders].map((folder) => `startsWith(path, ${quoteString(prefixOf(folder))})`),
    ...inLists(files).map((list) => `path IN (${list})`),
  ];
}

const lineEnd = 0x0a;

async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let bytes = Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(lineEnd); end !== -1; end = bytes.indexOf(lineEnd)) {
      yield bytes.toString('utf8', 0, end);
      bytes = bytes.subarray(end + 1);
    }
    rest = bytes;
  }
}
