import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedEngine } from '../../src/engine/embedded-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { listMarkedProcesses, markProcesses } from './marked-processes.ts';

const home = fileURLToPath(new URL('../fixtures/misbehaving', import.meta.url));

let engine: Engine;

beforeEach(async () => {
  markProcesses();
  engine = await openEmbeddedEngine({
    dataPath: ':memory:',
    functionsPath: join(home, 'functions'),
    userScriptsPath: join(home, 'user_scripts'),
  });
});

afterEach(async () => {
  await engine.close();
  expect(await listMarkedProcesses()).toEqual([]);
});

const query = async (name: string, signal?: AbortSignal): Promise<unknown> =>
  engine.rows(`SELECT ${name}(toString(number)) AS answer FROM numbers(3)`, signal ? { signal } : {});

test('a query that waits for a script which closed its output and stays is ended by cancelling it', async () => {
  const cancelled = { code: 'QUERY_CANCELLED' };
  await expect(query('closes_stdout', AbortSignal.timeout(500))).rejects.toMatchObject(cancelled);
  expect(await query('closes_stdout_pool')).toHaveLength(3);
  await expect(query('closes_stdout_pool', AbortSignal.timeout(500))).rejects.toMatchObject(cancelled);
  expect(await query('closes_stdout_pool')).toHaveLength(3);
  expect(await query('answers')).toHaveLength(3);
});

test('closing the engine ends a script that hangs the query', async () => {
  const running = query('closes_stdout').catch((error: unknown) => error);
  while ((await listMarkedProcesses()).length === 0) await sleep(20);
  await engine.close();
  expect(await running).toMatchObject({ code: 'QUERY_CANCELLED' });
});

test('closing the engine ends what scripts have left running', async () => {
  expect(await query('forks_pipe_holder_pool')).toHaveLength(3);
  expect(await query('ignores_sigterm_pool')).toHaveLength(3);
  expect(await listMarkedProcesses()).not.toEqual([]);
  await engine.close();
  expect(await listMarkedProcesses()).toEqual([]);
});

test('what ClickHouse has given up, and does not end, is ended a while later', async () => {
  await expect(query('ignores_sigterm')).rejects.toMatchObject({ code: 'QUERY_FAILED' });
  await expect(query('forks_pipe_holder')).rejects.toMatchObject({ code: 'QUERY_FAILED' });
  expect(await query('answers_pool')).toHaveLength(3);
  expect(await listMarkedProcesses()).toHaveLength(3);
  while ((await listMarkedProcesses()).length > 1) await sleep(200);
  expect(await query('answers_pool')).toHaveLength(3);
});
