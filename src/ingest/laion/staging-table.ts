import type { Engine } from '../../engine/engine.ts';
import { quoteString } from '../../engine/quote-string.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { isOfDatabase, isOfTable, tableSql } from '../table-name.ts';
import type { LaionTable } from './laion-table.ts';

/** What the name of the table has more than that of the one which a part is loaded into. */
export const stagingSuffix = (part: number): string => `_loading_${part}`;

const comment = (table: LaionTable): string => `rows on their way into ${table.name}, of embedhouse ingest`;

/** The engine's name and arguments, in which brackets stand within quotes or one level deep. */
const engineName = /^\w+(?:\((?:'(?:[^'\\]|\\.)*'|\([^()]*\)|[^'()])*\))?/s;

/** Makes an empty table like the one that a part is loaded into, whose parts that one can take over. */
export async function createStaging(
  engine: Engine,
  table: LaionTable,
  part: number,
  signal: AbortSignal,
): Promise<void> {
  // What the table's engine makes of rows when it merges them, it does when they are its own.
  const engineFull = table.engineFull.replace(engineName, 'MergeTree');
  const settings = engineFull.includes(' SETTINGS ') ? ',' : ' SETTINGS';
  await engine.run(
    `CREATE TABLE ${tableSql(table, stagingSuffix(part))} AS ${tableSql(table)}
    ENGINE = ${engineFull}${settings} max_bytes_to_merge_at_max_space_in_pool = 1
    COMMENT ${quoteString(comment(table))}`,
    { signal },
  );
}

/** Drops the tables that killed loads left, of the parts that are wanted; none that is the user's. */
export async function dropLeftStaging(
  engine: Engine,
  table: LaionTable,
  isWanted: (part: number) => boolean,
): Promise<void> {
  const tables = await engine.rows<{ name: string }>(
    `SELECT name FROM system.tables WHERE ${isOfDatabase(table)} AND comment = ${quoteString(comment(table))}`,
  );
  for (const { name } of tables) {
    const part = /_loading_(?<part>\d{1,9})$/.exec(name)?.groups?.['part'];
    if (part !== undefined && name === `${table.name}${stagingSuffix(Number(part))}` && isWanted(Number(part))) {
      await dropStaging(engine, table, Number(part));
    }
  }
}

/**
 * Drops the table of a part that is loaded, or that a killed load left.
 *
 * @throws EmbedhouseError `USAGE` for a table of that name which is the user's
 */
export async function dropStaging(engine: Engine, table: LaionTable, part: number): Promise<void> {
  const suffix = stagingSuffix(part);
  const [found] = await engine.rows<{ comment: string }>(
    `SELECT comment FROM system.tables WHERE ${isOfTable(table, suffix, 'name')}`,
  );
  if (found === undefined) return;
  if (found.comment !== comment(table)) {
    const message = `there is a table '${table.name}${suffix}' that this command did not make, and needs the name of: rename it, or load into another table with --table`;
    throw new EmbedhouseError('USAGE', message);
  }
  await engine.run(`DROP TABLE ${tableSql(table, suffix)} SYNC`);
}
