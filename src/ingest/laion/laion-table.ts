import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { isOfTable, tableSql, type TargetTable } from '../table-name.ts';
import {
  documentedColumns,
  furtherColumns,
  vectorColumns,
  type MetadataColumn,
  type VectorType,
} from './laion-columns.ts';
import type { CheckedPart } from './laion-part.ts';

export interface LaionTableOptions {
  table: TargetTable;
  /** @default that of the existing table, else `Float32` */
  vectorType?: VectorType | undefined;
  /** @default `MergeTree` */
  tableEngine?: string | undefined;
  /** An expression over the columns, as after PARTITION BY. @default none */
  partitionBy?: string | undefined;
}

/** The table as it is to be inserted into. */
export interface LaionTable extends TargetTable {
  /** The metadata's columns that it has. */
  columns: readonly MetadataColumn[];
  /** Its engine with all that follows, as ClickHouse writes it: `MergeTree PARTITION BY … ORDER BY … SETTINGS …`. */
  engineFull: string;
  storagePolicy: string;
  /** Of one number of a vector. */
  valueBytes: number;
}

/**
 * Creates the table as ClickHouse's page on LAION-400M documents it, with vectors that are not compressed (they do not get
 * smaller by it) and behind the documented columns those that the parts' metadata has as well; or checks that an existing
 * one takes what the parts hold.
 *
 * @throws EmbedhouseError `USAGE` when the existing table does not fit; QueryError (`QUERY_FAILED`)
 */
export async function prepareLaionTable(
  engine: Engine,
  parts: readonly CheckedPart[],
  options: LaionTableOptions,
  signal?: AbortSignal,
): Promise<LaionTable> {
  const { table } = options;
  const existing = await readTable(engine, table, signal);
  if (existing !== undefined) return checkTable(existing, options);
  await engine.run(createTable(parts, options), { signal });
  const created = await readTable(engine, table, signal);
  if (created === undefined) throw new EmbedhouseError('QUERY_FAILED', `table ${table.name} is gone again`);
  return checkTable(created, options);
}

function createTable(
  parts: readonly CheckedPart[],
  { table, vectorType = 'Float32', tableEngine = 'MergeTree', partitionBy }: LaionTableOptions,
): string {
  const further = furtherColumns.filter(({ name }) => parts.some((part) => part.metadataColumns.includes(name)));
  const columns = [
    'id Int64',
    ...documentedColumns.map(({ name, type }) => `${name} ${type}`),
    ...vectorColumns.map((name) => `${name} Array(${vectorType}) CODEC(NONE)`),
    ...further.map(({ name, type }) => `${name} ${type}`),
  ];
  const partition = partitionBy === undefined ? '' : `\nPARTITION BY ${partitionBy}`;
  return `CREATE TABLE ${tableSql(table)}
(
    ${columns.join(',\n    ')}
)
ENGINE = ${tableEngine}${partition}
ORDER BY id`;
}

interface FoundTable {
  engine: string;
  engineFull: string;
  partitionKey: string;
  storagePolicy: string;
  columns: { name: string; type: string }[];
}

async function readTable(
  engine: Engine,
  table: TargetTable,
  signal: AbortSignal | undefined,
): Promise<FoundTable | undefined> {
  const [found] = await engine.rows<Omit<FoundTable, 'columns'>>(
    `SELECT engine, engine_full AS engineFull, partition_key AS partitionKey, storage_policy AS storagePolicy
    FROM system.tables WHERE ${isOfTable(table, '', 'name')}`,
    { signal },
  );
  if (found === undefined) return undefined;
  const columns = await engine.rows<{ name: string; type: string }>(
    `SELECT name, type FROM system.columns WHERE ${isOfTable(table)}`,
    { signal },
  );
  return { ...found, columns };
}

function checkTable(found: FoundTable, options: LaionTableOptions): LaionTable {
  const { table, vectorType, tableEngine, partitionBy } = options;
  const refuse = (reason: string): EmbedhouseError =>
    new EmbedhouseError(
      'USAGE',
      `the table '${table.name}' does not take LAION's rows: ${reason}; name another with --table, or drop this one`,
    );
  if (!found.engine.endsWith('MergeTree')) {
    throw refuse(`its engine is ${found.engine}, and whole parts are put into tables of the MergeTree family`);
  }
  if (tableEngine !== undefined && tableEngine.replace(/\(.*$/s, '').trim() !== found.engine) {
    throw refuse(`its engine is ${found.engine}, not ${tableEngine}`);
  }
  // Of two expressions nobody can say whether they are the same: ClickHouse writes them in its own way.
  if (partitionBy !== undefined && found.partitionKey === '') {
    throw refuse(`it has no partitions, and is asked to have some by '${partitionBy}'`);
  }
  const check = (name: string, accepted: RegExp, expected: string): void => {
    const type = found.columns.find((column) => column.name === name)?.type;
    if (type === undefined) throw refuse(`it has no column ${name} (${expected})`);
    if (!accepted.test(type)) throw refuse(`its column ${name} is ${type}, not ${expected}`);
  };
  check('id', /^U?Int64$/, 'Int64');
  for (const { name, accepted, type } of documentedColumns) check(name, accepted, type);
  const vectors = vectorType === undefined ? /^Array\((?:Float32|Float64|BFloat16)\)$/ : wholeType(vectorType);
  for (const name of vectorColumns) check(name, vectors, `Array(${vectorType ?? 'Float32'})`);
  const further = furtherColumns.filter(({ name, accepted }) =>
    found.columns.some((column) => column.name === name && accepted.test(column.type)),
  );
  const { engineFull, storagePolicy } = found;
  const isHalf = found.columns.some(({ name, type }) => name === vectorColumns[0] && type === 'Array(BFloat16)');
  return {
    ...table,
    columns: [...documentedColumns, ...further],
    engineFull,
    storagePolicy,
    valueBytes: isHalf ? 2 : 4,
  };
}

const wholeType = (vectorType: VectorType): RegExp => new RegExp(String.raw`^Array\(${vectorType}\)$`);

/** Reads how long the table's vectors are; `undefined` while it has none. */
export async function readDimensions(
  engine: Engine,
  table: TargetTable,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const [row] = await engine.rows<{ dimensions: number }>(
    `SELECT length(image_embedding) AS dimensions FROM ${tableSql(table)} WHERE notEmpty(image_embedding) LIMIT 1`,
    { signal },
  );
  return row?.dimensions;
}
