import type { Engine } from '../engine/engine.ts';
import type { TableName } from './find-table.ts';
import { indexFileBytes } from './index-size.ts';
import type { VectorIndex } from './vector-index.ts';

/** An active part of a table. */
export interface Part {
  name: string;
  rows: number;
  /** In a compact part ClickHouse builds every index again when it builds one. */
  isCompact: boolean;
  /** The files of all its indexes, before compression. */
  indexBytes: number;
}

/** Where an index is built. A search goes through all vectors of the other parts. */
export interface Coverage {
  index: VectorIndex;
  /** The index's files, before and after compression. */
  fileBytes: number;
  diskBytes: number;
  built: Part[];
  missing: Part[];
}

export interface TableIndexes {
  parts: Part[];
  coverage: Coverage[];
}

/**
 * Finds out in which parts of a table each of its vector indexes is built. ClickHouse tells only how large all indexes of
 * a part are, and how large an index is in all parts. A graph's size is known from its rows (`indexFileBytes`), and so
 * are the indexes whose sizes make up a part's.
 *
 * @throws QueryError (`QUERY_FAILED`)
 */
export async function readCoverage(
  engine: Engine,
  table: TableName,
  indexes: readonly VectorIndex[],
  signal?: AbortSignal,
): Promise<TableIndexes> {
  const options = {
    params: { database: table.database, table: table.table },
    signal,
  };
  const parts = await engine.rows<Part>(
    `SELECT name, rows, part_type = 'Compact' AS isCompact, secondary_indices_uncompressed_bytes AS indexBytes
    FROM system.parts
    WHERE database = {database:String} AND table = {table:String} AND active AND rows > 0
    ORDER BY name`,
    options,
  );
  const sizes = await engine.rows<{ name: string; type: string; fileBytes: number; diskBytes: number }>(
    `SELECT name, type, data_uncompressed_bytes AS fileBytes, data_compressed_bytes AS diskBytes
    FROM system.data_skipping_indices
    WHERE database = {database:String} AND table = {table:String}`,
    options,
  );
  const sizeOf = new Map(sizes.map((size) => [size.name, size]));
  const otherBytes = sizes
    .filter(({ name }) => indexes.every((index) => index.name !== name))
    .reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const coverage = indexes.map((index): Coverage => {
    const { fileBytes = 0, diskBytes = 0 } = sizeOf.get(index.name) ?? {};
    return { index, fileBytes, diskBytes, built: [], missing: [] };
  });
  for (const part of parts) {
    const vectorBytes = part.indexBytes - (otherBytes * part.rows) / rows;
    const built =
      coverage.length === 1 && otherBytes === 0
        ? part.indexBytes > 0
          ? coverage
          : []
        : fit(part, vectorBytes, coverage, rows);
    for (const each of coverage) {
      (built.includes(each) ? each.built : each.missing).push(part);
    }
  }
  return { parts, coverage };
}

/** Graphs of equal size are told apart by how much of each there is in all parts. */
const sameSize = 0.02;

/** Chooses the indexes whose files in this part make up `bytes` best. */
function fit(part: Part, bytes: number, coverage: readonly Coverage[], rows: number): Coverage[] {
  let best: { chosen: Coverage[]; error: number; share: number } = { chosen: [], error: Infinity, share: 0 };
  for (const chosen of subsets(coverage)) {
    const expected = chosen.reduce((sum, { index }) => sum + indexFileBytes({ ...index, rows: part.rows }), 0);
    const error = Math.abs(bytes - expected) / part.rows;
    const share = chosen.reduce((sum, { index, fileBytes }) => sum + fileBytes / indexFileBytes({ ...index, rows }), 0);
    const tolerance = (sameSize * expected) / part.rows;
    const isBetter = error < best.error - tolerance;
    const isAsGood = error < best.error + tolerance;
    if (isBetter || (isAsGood && share > best.share && chosen.length === best.chosen.length)) {
      best = { chosen, error, share };
    }
  }
  return best.chosen;
}

function subsets<T>(all: readonly T[]): T[][] {
  const found: T[][] = [[]];
  for (const each of all) {
    found.push(...found.map((subset) => [...subset, each]));
  }
  return found;
}
