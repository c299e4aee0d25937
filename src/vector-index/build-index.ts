import { setTimeout as sleep } from 'node:timers/promises';

import type { Engine } from '../engine/engine.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { FoundTable } from './find-table.ts';
import { readCoverage, type Part, type TableIndexes } from './index-coverage.ts';
import { quoteIdentifier } from '../engine/quote-identifier.ts';
import { readMutations, type Mutation } from './read-mutations.ts';
import type { VectorIndex } from './vector-index.ts';

export interface BuildProgress {
  doneVectors: number;
  totalVectors: number;
}

export interface BuildOptions {
  table: FoundTable;
  index: VectorIndex;
  /** Those of the table, with `index` among them. */
  indexes: readonly VectorIndex[];
  signal: AbortSignal;
  onProgress?: (progress: BuildProgress) => void;
  /** Called when the build is to end before its time, which may take a while. */
  onStop?: () => void;
}

const pollMs = 400;

/** How long a build that is to stop may take for the 8 192 vectors it has in hand. */
const stopWaitMs = 120_000;
const stopPollMs = 100;

/**
 * Builds a defined index in all parts that lack it, or follows the build that goes on already, as one does that an earlier
 * process did not live to see the end of.
 *
 * @throws EmbedhouseError `INDEX_REFUSED` when ClickHouse cannot build it, and then nothing goes on in the background;
 *   QueryError (`QUERY_FAILED`); `QUERY_CANCELLED`, also then
 */
export async function buildIndex(engine: Engine, options: BuildOptions): Promise<void> {
  const { table, index, indexes, signal } = options;
  let mutation = (await readMutations(engine, table)).find(({ command }) => isBuildOf(index, command));
  try {
    const before = await readCoverage(engine, table, indexes, signal);
    const addedBefore = await countAdded(engine);
    mutation ??= await startBuild(engine, options);
    await followBuild(engine, { ...options, mutationId: mutation.id, before, addedBefore });
  } catch (error) {
    await stopBuild(engine, options, mutation);
    throw error;
  }
}

/** ClickHouse writes `(MATERIALIZE INDEX name)`, with the name quoted where it has to be. */
function isBuildOf({ name }: VectorIndex, command: string): boolean {
  const names = [name, quoteIdentifier(name)].map((written) => `MATERIALIZE INDEX ${written}`);
  return names.includes(command.replace(/^\((.*)\)$/s, '$1'));
}

async function startBuild(engine: Engine, { table, index, signal }: BuildOptions): Promise<Mutation> {
  signal.throwIfAborted();
  // Not to be interrupted: it returns at once, and what was started must be known to be stopped.
  await engine.rows(
    `ALTER TABLE ${table.sql} MATERIALIZE INDEX ${quoteIdentifier(index.name)} SETTINGS mutations_sync = 0`,
  );
  const all = await readMutations(engine, table, { isDone: true });
  const started = all.findLast(({ command }) => isBuildOf(index, command));
  if (started === undefined) throw buildIsGone(index);
  return started;
}

interface FollowOptions extends BuildOptions {
  mutationId: string;
  before: TableIndexes;
  addedBefore: number;
}

async function followBuild(engine: Engine, options: FollowOptions): Promise<void> {
  const { table, index, indexes, signal, mutationId, before, addedBefore, onProgress } = options;
  const workOf = (state: TableIndexes): [string, number][] =>
    state.parts.map((part) => [part.name, vectorsToAdd(part, index, state)]);
  const work = new Map(workOf(before));
  const sum = (names: Iterable<string>): number => [...names].reduce((total, name) => total + (work.get(name) ?? 0), 0);
  const totalVectors = sum(work.keys());
  for (;;) {
    const mutation = (await readMutations(engine, table, { isDone: true, signal })).find(({ id }) => id === mutationId);
    if (mutation === undefined) throw buildIsGone(index);
    if (mutation.failure !== '') throw buildFailed(index, mutation);
    if (mutation.isDone) break;
    if (mutation.partsToDo.some((name) => !work.has(name))) {
      // Parts are merged meanwhile.
      for (const [name, vectors] of workOf(await readCoverage(engine, table, indexes, signal))) work.set(name, vectors);
    }
    const left = Math.min(totalVectors, sum(mutation.partsToDo));
    const inHand = sum(mutation.partsInProgress);
    // ClickHouse counts for all builds; what is known of the parts keeps the others' out.
    const added = (await countAdded(engine, signal)) - addedBefore;
    const done = totalVectors - left;
    onProgress?.({ doneVectors: Math.min(Math.max(added, done), done + inHand, totalVectors), totalVectors });
    await sleep(pollMs, undefined, { signal });
  }
  onProgress?.({ doneVectors: totalVectors, totalVectors });
}

/** In a compact part ClickHouse builds anew what is there; in a wide one it builds what is missing. */
function vectorsToAdd(part: Part, index: VectorIndex, { coverage }: TableIndexes): number {
  const isIn = (parts: readonly Part[]): boolean => parts.some(({ name }) => name === part.name);
  const others = coverage.filter((each) => each.index.name !== index.name && isIn(each.built)).length;
  const isBuilt = coverage.some((each) => each.index.name === index.name && isIn(each.built));
  return part.rows * (part.isCompact ? 1 + others : Number(!isBuilt));
}

/**
 * Ends a build at once. KILL MUTATION alone lets ClickHouse 26.7 go on with the parts in hand to their end, which can be
 * hours away, and stopping merges alone leaves the build to go on when they start again.
 */
async function stopBuild(
  engine: Engine,
  { table, onStop }: BuildOptions,
  mutation: Mutation | undefined,
): Promise<void> {
  if (mutation === undefined) return;
  onStop?.();
  const params = { database: table.database, table: table.table, id: mutation.id };
  const ofTable = 'database = {database:String} AND table = {table:String}';
  await engine.rows(`KILL MUTATION WHERE ${ofTable} AND mutation_id = {id:String}`, { params });
  try {
    await engine.rows(`SYSTEM STOP MERGES ${table.sql}`);
  } catch {
    // Where that is not allowed, the parts in hand are built to their end.
    return;
  }
  try {
    const deadline = performance.now() + stopWaitMs;
    while (performance.now() < deadline) {
      const [merges] = await engine.rows<{ count: number }>(
        `SELECT count() AS count FROM system.merges WHERE ${ofTable} AND is_mutation`,
        { params },
      );
      if (!merges?.count) break;
      await sleep(stopPollMs);
    }
  } finally {
    await engine.rows(`SYSTEM START MERGES ${table.sql}`);
  }
}

async function countAdded(engine: Engine, signal?: AbortSignal): Promise<number> {
  const [row] = await engine.rows<{ value: number }>(
    "SELECT value FROM system.events WHERE event = 'USearchAddCount'",
    { signal },
  );
  return row?.value ?? 0;
}

const buildIsGone = ({ name, table }: VectorIndex): EmbedhouseError =>
  new EmbedhouseError('INDEX_REFUSED', `the build of index '${name}' on table '${table}' was ended by somebody else`);

function buildFailed({ name, table }: VectorIndex, { failedPart, failure }: Mutation): EmbedhouseError {
  const reason = failure.replace(/^Code: \d+\. DB::Exception: /, '').replace(/ \(version [^)]*\)$/, '');
  return new EmbedhouseError(
    'INDEX_REFUSED',
    `index '${name}' on table '${table}' could not be built in part ${failedPart}: ${reason}`,
  );
}
