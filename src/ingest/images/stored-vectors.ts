import type { Engine } from '../../engine/engine.ts';
import type { ImageTables } from './images-table.ts';
import { inLists } from './sql-text.ts';

interface Source {
  engine: Engine;
  tables: ImageTables;
  signal: AbortSignal;
}

/** What a file's own row holds. */
export interface OwnRow {
  sha256: string;
  caption: string;
  textEmbedding: Float32Array;
}

/** Finds the vectors of images by the digests of their content, wherever the same content is or was. */
export async function findVectors(
  digests: readonly string[],
  { engine, tables, signal }: Source,
): Promise<Map<string, Float32Array>> {
  if (!tables.hasRows) return new Map();
  const found = new Map<string, Float32Array>();
  for (const list of inLists(digests)) {
    const rows = await engine.rows<{ sha256: string; vector: number[] }>(
      `SELECT sha256, image_embedding AS vector FROM ${tables.images} WHERE sha256 IN (${list}) LIMIT 1 BY sha256`,
      { signal },
    );
    for (const { sha256, vector } of rows) found.set(sha256, Float32Array.from(vector));
  }
  return found;
}

/** Reads the rows of files by their paths. */
export async function readOwnRows(
  paths: readonly string[],
  { engine, tables, signal }: Source,
): Promise<Map<string, OwnRow>> {
  const found = new Map<string, OwnRow>();
  for (const list of inLists(paths)) {
    const rows = await engine.rows<{ path: string; sha256: string; caption: string; vector: number[] }>(
      `SELECT path, sha256, caption, text_embedding AS vector FROM ${tables.images} WHERE path IN (${list}) LIMIT 1 BY path`,
      { signal },
    );
    for (const { path, sha256, caption, vector } of rows) {
      found.set(path, { sha256, caption, textEmbedding: Float32Array.from(vector) });
    }
  }
  return found;
}
