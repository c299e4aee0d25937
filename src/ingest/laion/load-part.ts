import type { Engine } from '../../engine/engine.ts';
import { quoteString } from '../../engine/quote-string.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { isOfTable, tableSql } from '../table-name.ts';
import type { CheckedPart } from './laion-part.ts';
import type { LaionTable } from './laion-table.ts';
import { filledColumns, readSettings, selectPart } from './select-part.ts';

export interface LoadPartOptions {
  /** An engine on this machine, which reads the files. */
  reader: Engine;
  /** The engine that has the table; the same, or a server's. */
  target: Engine;
  table: LaionTable;
  signal: AbortSignal;
  onRows: (rows: number) => void;
  /** Called when all rows are there, before they become the table's. */
  beforeAttach: () => Promise<void>;
}

/** Rows are written as blocks of so many bytes: the larger, the fewer merges, and the more memory, some three times it. */
const insertBlockBytes = 64 * 1024 * 1024;
const blockSettings = `min_insert_block_size_rows = 0, min_insert_block_size_bytes = ${insertBlockBytes}`;
const sources = 3;

const stagingComment = (table: LaionTable): string => `rows on their way into ${table.name}, of embedhouse ingest`;

/**
 * Loads a part: its rows go into a table of their own, which then gives them to the real one by links to the same files.
 * So the table has all of a part or nothing, and what fails leaves nothing behind.
 *
 * @throws QueryError (`QUERY_FAILED`), `QUERY_CANCELLED`; `FORMAT_INVALID` when the files have changed meanwhile
 */
export async function loadPart(part: CheckedPart, options: LoadPartOptions): Promise<void> {
  const { target, table, signal, beforeAttach } = options;
  const suffix = `_loading_${part.number}`;
  const staging = tableSql(table, suffix);
  await dropStaging(target, table, suffix);
  await target.run(createStaging(table, suffix), { signal });
  try {
    await insertRows(part, staging, options);
    const [counted] = await target.rows<{ rows: number }>(`SELECT count() AS rows FROM ${staging}`, { signal });
    if (counted?.rows !== part.rows) {
      const message = `${counted?.rows ?? 0} rows came out of its files, and they said ${part.rows}: were they changed meanwhile?`;
      throw new EmbedhouseError('FORMAT_INVALID', message);
    }
    await beforeAttach();
    const partitions = await target.rows<{ id: string }>(
      `SELECT DISTINCT partition_id AS id FROM system.parts WHERE active AND ${isOfTable(table, suffix)}`,
      { signal },
    );
    // Not to be stopped in the middle: it takes no time.
    for (const { id } of partitions) {
      await target.run(`ALTER TABLE ${tableSql(table)} ATTACH PARTITION ID ${quoteString(id)} FROM ${staging}`);
    }
  } catch (error) {
    // The next run drops it, if a server that has gone away is why this one cannot.
    await dropStaging(target, table, suffix).catch(() => {});
    throw error;
  }
  await dropStaging(target, table, suffix);
}

async function insertRows(part: CheckedPart, staging: string, options: LoadPartOptions): Promise<void> {
  const { reader, target, table, signal, onRows } = options;
  const columns = filledColumns(part, table).join(', ');
  const select = selectPart(part, table);
  // ClickHouse counts a row in each of the files.
  const onProgress = ({ readRows }: { readRows: number }): void => onRows(Math.min(part.rows, readRows / sources));
  if (reader === target) {
    const insert = `INSERT INTO ${staging} (${columns}) ${select}`;
    await target.run(`${insert} SETTINGS ${readSettings(part)}, ${blockSettings}`, { signal, onProgress });
    return;
  }
  const data = reader.stream(`${select} SETTINGS ${readSettings(part)}`, { format: 'Native', signal, onProgress });
  await target.insert(`${staging} (${columns}) SETTINGS ${blockSettings}`, { format: 'Native', data, signal });
}

/** The engine's name and arguments, in which brackets stand within quotes or one level deep. */
const engineName = /^\w+(?:\((?:'(?:[^'\\]|\\.)*'|\([^()]*\)|[^'()])*\))?/s;

function createStaging(table: LaionTable, suffix: string): string {
  // What the table's engine makes of rows when it merges them, it does when they are its own.
  const engine = table.engineFull.replace(engineName, 'MergeTree');
  const settings = engine.includes(' SETTINGS ') ? ',' : ' SETTINGS';
  return `CREATE TABLE ${tableSql(table, suffix)} AS ${tableSql(table)}
    ENGINE = ${engine}${settings} max_bytes_to_merge_at_max_space_in_pool = 1
    COMMENT ${quoteString(stagingComment(table))}`;
}

/** Drops what a killed load left, too; and not a table of that name which is the user's. */
async function dropStaging(engine: Engine, table: LaionTable, suffix: string): Promise<void> {
  const [found] = await engine.rows<{ comment: string }>(
    `SELECT comment FROM system.tables WHERE ${isOfTable(table, suffix, 'name')}`,
  );
  if (found === undefined) return;
  if (found.comment !== stagingComment(table)) {
    const message = `there is a table '${table.name}${suffix}' that this command did not make, and needs the name of: rename it, or load into another table with --table`;
    throw new EmbedhouseError('USAGE', message);
  }
  await engine.run(`DROP TABLE ${tableSql(table, suffix)} SYNC`);
}
