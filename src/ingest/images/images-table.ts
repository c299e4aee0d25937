import type { DescribedModel } from '../../api/model-description.ts';
import type { Engine } from '../../engine/engine.ts';
import { quoteString } from '../../engine/quote-string.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { failureColumns, imageColumns } from './image-row.ts';
import { isOfTable, parseTableName, tableSql, type TargetTable } from '../table-name.ts';

/** The tables of a run; quoted names. */
export interface ImageTables {
  images: string;
  failures: string;
  /** Whether there were images before this run. */
  hasRows: boolean;
  /** Where the images' table has its rows. */
  storagePolicy: string;
  /** What `text_embedding` is where there is no caption. */
  noText: Float32Array;
}

interface FoundTable {
  comment: string;
  rows: number;
  storagePolicy: string;
  columns: ReadonlyMap<string, string>;
}

interface TableOptions {
  engine: Engine;
  /** A table's name, or a database's and a table's with a dot between. */
  table: string;
  model: DescribedModel;
  signal: AbortSignal;
}

/** Vectors are not compressed: they hardly can be, and are read faster. */
const codecs: Partial<Record<string, string>> = { image_embedding: ' CODEC(NONE)', text_embedding: ' CODEC(NONE)' };

/**
 * Creates the table of images and that of failures where they are missing. The comment of the first says whose vectors it
 * holds.
 *
 * @throws USAGE if the name is none; QUERY_FAILED if a table of that name has other columns, or vectors of another model
 */
export async function openTables({ engine, table, model, signal }: TableOptions): Promise<ImageTables> {
  const target = parseTableName(table);
  const images = tableSql(target);
  const failures = tableSql(target, failuresSuffix);
  const comment = `${commentPrefix}${model.id}`;
  await engine.run(createTable(images, imageColumns, comment), { signal });
  const found = await describeTable(engine, target);
  checkColumns(table, found.columns, imageColumns);
  if (!found.comment.startsWith(commentPrefix) && found.rows === 0) {
    await engine.run(`ALTER TABLE ${images} MODIFY COMMENT ${quoteString(comment)}`, { signal });
  } else if (found.comment !== comment) {
    throw refuseModel(table, found, model);
  }
  const failureComment = `embedhouse: files that are not in ${table}, and why`;
  await engine.run(createTable(failures, failureColumns, failureComment), { signal });
  checkColumns(
    `${table}${failuresSuffix}`,
    (await describeTable(engine, target, failuresSuffix)).columns,
    failureColumns,
  );
  const noText = new Float32Array((await hasTextIndex(engine, target)) ? model.dimensions : 0);
  return { images, failures, hasRows: found.rows > 0, storagePolicy: found.storagePolicy, noText };
}

const failuresSuffix = '_failures';
const commentPrefix = 'embedhouse images, vectors of ';

function createTable(name: string, columns: Record<string, string>, comment: string): string {
  const lines = Object.entries(columns).map(([column, type]) => `    ${column} ${type}${codecs[column] ?? ''}`);
  return `CREATE TABLE IF NOT EXISTS ${name}\n(\n${lines.join(',\n')}\n)\nENGINE = MergeTree\nORDER BY path\nCOMMENT ${quoteString(comment)}`;
}

async function describeTable(engine: Engine, table: TargetTable, suffix = ''): Promise<FoundTable> {
  const [found] = await engine.rows<{ comment: string; rows: number; storagePolicy: string }>(
    `SELECT comment, toUInt64(ifNull(total_rows, 1)) AS rows, storage_policy AS storagePolicy FROM system.tables WHERE ${isOfTable(table, suffix, 'name')}`,
  );
  const columns = await engine.rows<{ name: string; type: string }>(
    `SELECT name, type FROM system.columns WHERE ${isOfTable(table, suffix)}`,
  );
  return {
    comment: found?.comment ?? '',
    rows: found?.rows ?? 0,
    storagePolicy: found?.storagePolicy ?? '',
    columns: new Map(columns.map(({ name, type }) => [name, type])),
  };
}

function checkColumns(table: string, found: ReadonlyMap<string, string>, wanted: Record<string, string>): void {
  const wrong = Object.entries(wanted).flatMap(([name, type]) => {
    const there = found.get(name);
    if (there === type) return [];
    return [there === undefined ? `no column ${name} ${type}` : `${name} ${there} in place of ${type}`];
  });
  if (wrong.length > 0) {
    throw new EmbedhouseError(
      'QUERY_FAILED',
      `the table '${table}' is not one of images: it has ${wrong.join(', ')}; name another with --table, which is then created`,
    );
  }
}

function refuseModel(table: string, { comment }: FoundTable, { id }: DescribedModel): EmbedhouseError {
  const isOurs = comment.startsWith(commentPrefix);
  const holds = isOurs
    ? `vectors of ${comment.slice(commentPrefix.length)}`
    : "rows, and its comment does not say which model's";
  return new EmbedhouseError(
    'QUERY_FAILED',
    `the table '${table}' holds ${holds}, which must not mix with those of ${id}: choose ${isOurs ? 'that model with --model, or ' : ''}another table with --table`,
  );
}

async function hasTextIndex(engine: Engine, table: TargetTable): Promise<boolean> {
  const indexes = await engine.rows(
    `SELECT 1 FROM system.data_skipping_indices WHERE ${isOfTable(table)} AND type = 'vector_similarity' AND expr = 'text_embedding'`,
  );
  return indexes.length > 0;
}
