import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { z } from 'zod';

import type { Engine } from '../../engine/engine.ts';
import { isRunning, ownIdentity } from '../../models/process-identity.ts';
import { quoteIdentifier } from '../../engine/quote-identifier.ts';
import { quoteString } from '../../engine/quote-string.ts';

const prefix = 'embedhouse_recall_';

/** Who made a scratch database, kept as its comment. */
const makerSchema = z.object({
  host: z.string(),
  pid: z.number(),
  startedAt: z.number(),
  madeAt: z.iso.datetime(),
});

/** A scratch database of another machine is taken for left over after so long; whether its maker runs cannot be seen. */
const strangerMaxAgeMs = 24 * 60 * 60 * 1000;

/**
 * Makes a database of this run's own, and removes it when `work` has ended, also in an error. Those that killed runs have
 * left are removed first.
 *
 * @throws QueryError (`QUERY_FAILED`); what `work` throws
 */
export async function withScratchDatabase<T>(
  engine: Engine,
  signal: AbortSignal,
  work: (database: string) => Promise<T>,
): Promise<T> {
  await removeLeftovers(engine, signal);
  const database = `${prefix}${randomUUID().replaceAll('-', '')}`;
  const maker: z.infer<typeof makerSchema> = {
    ...ownIdentity(),
    host: hostname(),
    madeAt: new Date().toISOString(),
  };
  try {
    await engine.run(`CREATE DATABASE ${database} COMMENT ${quoteString(JSON.stringify(maker))}`, { signal });
    return await work(database);
  } finally {
    // Without the signal: it may be what ended the work.
    await drop(engine, database);
  }
}

async function removeLeftovers(engine: Engine, signal: AbortSignal): Promise<void> {
  const databases = await engine.rows<{ name: string; comment: string }>(
    `SELECT name, comment FROM system.databases WHERE startsWith(name, '${prefix}')`,
    { signal },
  );
  for (const { name, comment } of databases) {
    if (isLeftOver(comment)) {
      await drop(engine, name);
    }
  }
}

function isLeftOver(comment: string): boolean {
  const { success, data: maker } = makerSchema.safeParse(parseJson(comment));
  if (!success) {
    return false;
  }
  if (maker.host !== hostname()) {
    return Date.now() - Date.parse(maker.madeAt) > strangerMaxAgeMs;
  }
  return !isRunning(maker);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function drop(engine: Engine, database: string): Promise<void> {
  await engine.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)} SYNC`);
}
