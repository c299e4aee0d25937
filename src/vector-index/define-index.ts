import type { Engine } from '../engine/engine.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { showNames } from '../engine/quote-identifier.ts';
import type { VectorColumn } from './vector-column.ts';
import { readVectorIndexes, type IndexParameters, type VectorIndex } from './vector-index.ts';

export interface Definition {
  name: string;
  /** The index of that name, which is as it is to be. */
  existing?: VectorIndex;
}

/**
 * Decides what a new index is called, or which one that is there is meant.
 *
 * @throws EmbedhouseError `USAGE` for parameters that do not go together; `INDEX_REFUSED` where another index has the name,
 *   or serves the same queries; QueryError (`QUERY_FAILED`)
 */
export async function defineIndex(
  engine: Engine,
  { table, column }: VectorColumn,
  options: IndexParameters & { indexName?: string; signal: AbortSignal },
): Promise<Definition> {
  if (options.quantization === 'b1' && options.distance !== 'cosineDistance') {
    throw new EmbedhouseError('USAGE', `an index with b1 serves cosineDistance alone, and not ${options.distance}`);
  }
  const indexes = await readVectorIndexes(engine, { table, signal: options.signal });
  const sameUses = indexes.filter((index) => index.column === column.name && index.distance === options.distance);
  const sameUse = sameUses.find((index) => index.name === options.indexName) ?? sameUses[0];
  const name = options.indexName ?? sameUse?.name ?? `${column.name}_index`;
  if (sameUse !== undefined) {
    if (sameUse.name !== name) {
      throw new EmbedhouseError(
        'INDEX_REFUSED',
        `column '${column.name}' has the index '${sameUse.name}' for ${options.distance} already: a query would use only one of the two`,
      );
    }
    const differences = flagsThatDiffer(sameUse, options);
    if (differences !== '') {
      throw new EmbedhouseError(
        'INDEX_REFUSED',
        `index '${name}' is there with other parameters: give ${differences} to go on with it, or drop it first with ${dropStatement(sameUse)}`,
      );
    }
    return { name, existing: sameUse };
  }
  const names = await engine.rows<{ name: string }>(
    'SELECT name FROM system.data_skipping_indices WHERE database = {database:String} AND table = {table:String}',
    { params: { database: table.database, table: table.table }, signal: options.signal },
  );
  if (names.some((index) => index.name === name)) {
    throw new EmbedhouseError(
      'INDEX_REFUSED',
      `table '${table.table}' has another index '${name}' already: choose a name with --name`,
    );
  }
  return { name };
}

/** The statement that removes an index, for a user to run. */
export const dropStatement = ({ database, table, name }: VectorIndex): string =>
  `ALTER TABLE ${showNames(database, table)} DROP INDEX ${showNames(name)}`;

const flags = {
  quantization: '--quantization',
  m: '--m',
  efConstruction: '--ef',
  granularity: '--granularity',
} as const;

/** The flags that ask for an index as it is, where others were given or left out. */
function flagsThatDiffer(index: VectorIndex, wanted: IndexParameters): string {
  return (['quantization', 'm', 'efConstruction', 'granularity'] as const)
    .filter((key) => index[key] !== wanted[key])
    .map((key) => `${flags[key]} ${index[key]}`)
    .join(' ');
}
