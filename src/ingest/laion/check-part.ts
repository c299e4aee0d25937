import { stat } from 'node:fs/promises';
import { basename } from 'node:path';

import type { Engine } from '../../engine/engine.ts';
import { quoteString } from '../../engine/quote-string.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { documentedColumns } from './laion-columns.ts';
import { maxRowsOfPart, type CheckedPart, type LaionPart, type ReadablePaths } from './laion-part.ts';
import { readNpyHeader } from './read-npy-header.ts';

/**
 * Checks that a part's files can be read and belong together, from their headers and the parquet file's footer alone.
 *
 * @param readable where ClickHouse finds its files
 * @param reader an engine on this machine, which reads the parquet file
 * @throws EmbedhouseError `FORMAT_INVALID` or `FILE_UNUSABLE`, saying what is wrong with which file
 */
export async function checkPart(
  part: LaionPart,
  readable: ReadablePaths,
  reader: Engine,
  signal?: AbortSignal,
): Promise<CheckedPart> {
  const image = await readNpyHeader(part.imagePath);
  const text = await readNpyHeader(part.textPath);
  const metadata = await readParquetFooter(part.metadataPath, readable.metadataPath, reader, signal);
  const invalid = (reason: string): EmbedhouseError => new EmbedhouseError('FORMAT_INVALID', reason);
  const rowCounts = [
    [part.imagePath, image.rows],
    [part.textPath, text.rows],
    [part.metadataPath, metadata.rows],
  ] as const;
  if (new Set(rowCounts.map(([, rows]) => rows)).size > 1) {
    throw invalid(
      `its files have different numbers of rows: ${rowCounts.map(([path, rows]) => `${basename(path)} ${rows}`).join(', ')}`,
    );
  }
  if (image.dimensions !== text.dimensions) {
    throw invalid(
      `its vectors are of different lengths: ${basename(part.imagePath)} ${image.dimensions}, ${basename(part.textPath)} ${text.dimensions}`,
    );
  }
  if (image.rows === 0 || image.dimensions === 0) throw invalid('it has no vectors');
  if (image.rows >= maxRowsOfPart) {
    throw invalid(`it has ${image.rows} rows, and ids are made for parts of less than ${maxRowsOfPart}: split it`);
  }
  const missing = documentedColumns.filter(({ name }) => !metadata.columns.includes(name));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    throw invalid(`${basename(part.metadataPath)} has no column ${names}: it has ${metadata.columns.join(', ')}`);
  }
  return {
    ...part,
    readable,
    rows: image.rows,
    dimensions: image.dimensions,
    metadataColumns: metadata.columns,
    bytes: image.bytes + text.bytes + metadata.bytes,
    metadataBytes: metadata.bytes,
  };
}

async function readParquetFooter(
  path: string,
  readablePath: string,
  reader: Engine,
  signal: AbortSignal | undefined,
): Promise<{ rows: number; columns: string[]; bytes: number }> {
  const { size: bytes } = await stat(path).catch((cause: Error) => {
    throw new EmbedhouseError('FILE_UNUSABLE', `${path} cannot be read (${cause.message})`, { cause });
  });
  try {
    const [footer] = await reader.rows<{ rows: number; columns: string[] }>(
      `SELECT num_rows AS rows, columns.name AS columns FROM file(${quoteString(readablePath)}, ParquetMetadata)`,
      { signal },
    );
    return { rows: footer?.rows ?? 0, columns: footer?.columns ?? [], bytes };
  } catch (cause) {
    if (!(cause instanceof EmbedhouseError) || cause.code === 'QUERY_CANCELLED') throw cause;
    const message = `${path} is no parquet file, or is cut off (${cause.message})`;
    throw new EmbedhouseError('FORMAT_INVALID', message, { cause });
  }
}
