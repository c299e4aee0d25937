import type { Engine } from '../engine/engine.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { stoppable } from '../signals/stoppable.ts';
import { buildIndex, type BuildProgress } from './build-index.ts';
import { readBuildMemory, type BuildMemory } from './build-memory.ts';
import { checkDimensions, checkValues } from './check-vectors.ts';
import { defineIndex, dropStatement } from './define-index.ts';
import { readCoverage, type Coverage } from './index-coverage.ts';
import { quoteIdentifier } from '../engine/quote-identifier.ts';
import { findVectorColumn, type VectorColumn } from './vector-column.ts';
import { indexTypeSql, readVectorIndexes, type IndexParameters, type VectorIndex } from './vector-index.ts';

export interface CreateIndexOptions extends IndexParameters {
  tableName: string;
  columnName: string;
  /** @default the name of such an index on the column, or else `<column>_index` */
  indexName?: string;
  /** The memory of the machine that builds, in bytes, where it is known. */
  machineBytes?: number;
  signal: AbortSignal;
  onEvent?: (event: CreateIndexEvent) => void;
}

export type CreateIndexEvent =
  /** All vectors are being read. */
  | { type: 'check'; vectors: number }
  /** What will be built now. */
  | { type: 'plan'; index: VectorIndex; isDefined: boolean; vectors: number; parts: number; memory: BuildMemory }
  | ({ type: 'progress' } & BuildProgress)
  /** The build is being ended, which may take as long as the vectors that it has in hand. */
  | { type: 'stop' };

export interface CreatedIndex {
  index: VectorIndex;
  /** `created`, or `completed` when it was defined but not built in all parts, or `unchanged` when it was. */
  outcome: 'created' | 'completed' | 'unchanged';
  vectors: number;
  /** Built by this call. */
  builtVectors: number;
  parts: number;
  diskBytes: number;
  seconds: number;
}

/**
 * Defines a vector index and builds it in all parts; goes on with one that is defined and not built everywhere. When it
 * fails or is stopped, what is built stays; an index that is then in no part is not left defined.
 *
 * @throws EmbedhouseError `USAGE`, `INDEX_REFUSED`, `CANCELLED`; QueryError (`QUERY_FAILED`)
 */
export async function createIndex(engine: Engine, options: CreateIndexOptions): Promise<CreatedIndex> {
  const { signal, onEvent } = options;
  const begin = performance.now();
  const prepared = await stoppable(signal, 'stopped: nothing was changed', async () => prepare(engine, options));
  const { column, index, isDefined, rows } = prepared;
  const { table } = column;
  let isAdded = false;
  try {
    if (!isDefined) {
      // Not to be interrupted, so that what is added is known to be.
      signal.throwIfAborted();
      await engine.rows(addIndexStatement(column, index));
      isAdded = true;
    }
    const indexes = await readVectorIndexes(engine, { table });
    const { missing } = await coverageOf(engine, index);
    const built = {
      vectors: missing.reduce((sum, part) => sum + part.rows, 0),
      parts: missing.length,
    };
    if (missing.length > 0) {
      const memory = await readBuildMemory(engine, index, missing);
      refuseTooLarge(index, memory, options);
      onEvent?.({ type: 'plan', index, isDefined, ...built, memory });
      await buildIndex(engine, {
        table,
        index,
        indexes,
        signal,
        onProgress: (progress) => onEvent?.({ type: 'progress', ...progress }),
        onStop: () => onEvent?.({ type: 'stop' }),
      });
    }
    const after = await coverageOf(engine, index);
    const unfinished = missing.length > 0 ? 'completed' : 'unchanged';
    return {
      index,
      outcome: isAdded ? 'created' : unfinished,
      vectors: rows,
      builtVectors: built.vectors,
      parts: after.built.length,
      diskBytes: after.diskBytes,
      seconds: (performance.now() - begin) / 1000,
    };
  } catch (error) {
    const state = isAdded || isDefined ? await settle(engine, index, isAdded) : 'nothing was changed';
    if (signal.aborted) throw new EmbedhouseError('CANCELLED', `stopped: ${state}`, { cause: error });
    if (error instanceof EmbedhouseError && error.code === 'INDEX_REFUSED') {
      throw new EmbedhouseError('INDEX_REFUSED', `${error.message}; ${state}`, { cause: error });
    }
    throw error;
  }
}

/** Finds what the index is to be built on, and makes sure that it can be. */
async function prepare(
  engine: Engine,
  options: CreateIndexOptions,
): Promise<{ column: VectorColumn; index: VectorIndex; isDefined: boolean; rows: number }> {
  const { signal, onEvent } = options;
  const column = await findVectorColumn(engine, options);
  const definition = await defineIndex(engine, column, options);
  const { rows, dimensions } = await checkDimensions(engine, column, {
    ...(definition.existing && { dimensions: definition.existing.dimensions }),
    signal,
  });
  const index = definition.existing ?? completeDefinition(column, definition.name, options, dimensions);
  onEvent?.({ type: 'check', vectors: rows });
  await checkValues(engine, column, { quantization: options.quantization, signal });
  return { column, index, isDefined: definition.existing !== undefined, rows };
}

function completeDefinition(
  { table, column }: VectorColumn,
  name: string,
  { distance, quantization, m, efConstruction, granularity }: IndexParameters,
  dimensions: number | undefined,
): VectorIndex {
  if (dimensions === undefined) {
    throw new EmbedhouseError(
      'INDEX_REFUSED',
      `table '${table.table}' is empty, so that the dimensions of '${column.name}' are not known: insert a row first`,
    );
  }
  if (quantization === 'b1' && dimensions % 8 !== 0) {
    throw new EmbedhouseError(
      'INDEX_REFUSED',
      `column '${column.name}' of ${dimensions} dimensions cannot have a vector index with b1, which takes a multiple of 8`,
    );
  }
  return {
    database: table.database,
    table: table.table,
    name,
    column: column.name,
    distance,
    dimensions,
    quantization,
    m,
    efConstruction,
    granularity,
  };
}

/** A build that takes all memory takes the process down, and goes on as soon as the data folder is opened again. */
function refuseTooLarge({ name }: VectorIndex, { graphs, bytes }: BuildMemory, options: CreateIndexOptions): void {
  const { machineBytes = Infinity } = options;
  if (bytes <= machineBytes) return;
  const inGigabytes = (each: number): string => `${(each / 1e9).toFixed(1)} GB`;
  throw new EmbedhouseError(
    'INDEX_REFUSED',
    `index '${name}' takes ${inGigabytes(bytes)} of memory to be built, ${graphs} parts at a time, and this machine has ${inGigabytes(machineBytes)}: take a smaller --quantization or --m, or divide the rows among machines (embedhouse index estimate)`,
  );
}

function addIndexStatement({ table, column }: VectorColumn, index: VectorIndex): string {
  return `ALTER TABLE ${table.sql} ADD INDEX ${quoteIdentifier(index.name)} ${column.sql}
    TYPE ${indexTypeSql(index)} GRANULARITY ${index.granularity}`;
}

async function coverageOf(engine: Engine, index: VectorIndex): Promise<Coverage> {
  const { coverage } = await readCoverage(engine, index, await readVectorIndexes(engine, { table: index }));
  const found = coverage.find((each) => each.index.name === index.name);
  if (found === undefined) {
    throw new EmbedhouseError('INDEX_REFUSED', `index '${index.name}' was dropped by somebody else`);
  }
  return found;
}

/** Takes out what this call added if it is built nowhere, and says how the table is left. */
async function settle(engine: Engine, index: VectorIndex, isAdded: boolean): Promise<string> {
  const table = `${quoteIdentifier(index.database)}.${quoteIdentifier(index.table)}`;
  const { built, missing } = await coverageOf(engine, index);
  if (isAdded && built.length === 0) {
    await engine.rows(`ALTER TABLE ${table} DROP INDEX ${quoteIdentifier(index.name)}`);
    return 'the table is as it was before';
  }
  const parts = built.length + missing.length;
  return `index '${index.name}' is built in ${built.length} of ${parts} parts and stays there; the same command goes on, and ${dropStatement(index)} removes it`;
}
