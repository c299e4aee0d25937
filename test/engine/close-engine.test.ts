import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestEngine, read } from './open-test-engine.ts';

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-test-'));
  process.env['TMPDIR'] = folder;
});
afterAll(async () => {
  delete process.env['TMPDIR'];
  await rm(folder, { recursive: true, force: true });
});

test.each(['script_pid', 'ignores_end'])(
  'closing ends the pool of %s and removes the temporary folder',
  async (name) => {
    const engine = await openTestEngine();
    const pid = Number(await read(engine, `SELECT ${name}('x')`));
    expect(isRunning(pid)).toBe(true);
    expect(await readdir(folder)).toHaveLength(1);
    await Promise.all([engine.close(), engine.close()]);
    expect(isRunning(pid)).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  },
);

const toError = (error: unknown): unknown => error;

test('closing cancels what runs', async () => {
  const engine = await openTestEngine();
  const running = read(engine, 'SELECT sum(sipHash64(number)) FROM numbers(100000000000)').catch(toError);
  const rows = engine.rows("SELECT sleeps('600')").catch(toError);
  const countRunning = "SELECT count() AS running FROM system.processes WHERE match(query, '^SELECT s(um|leeps)')";
  while ((await engine.rows<{ running: number }>(countRunning))[0]?.running !== 2) await sleep(20);
  await engine.close();
  expect(await running).toMatchObject({ code: 'QUERY_CANCELLED' });
  expect(await rows).toMatchObject({ code: 'QUERY_CANCELLED' });
});

test('closing does not wait for a reader that has stopped reading', async () => {
  const engine = await openTestEngine();
  const chunks = engine.stream('SELECT number FROM numbers(100000000000)');
  expect((await chunks.next()).done).toBe(false);
  await engine.close();
  await expect(chunks.next()).rejects.toMatchObject({ code: 'QUERY_CANCELLED' });
});

test('another data folder can be opened after closing, and not before', async () => {
  const engine = await openTestEngine();
  await expect(openTestEngine()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  await engine.close();
  const other = await openTestEngine({ functionsPath: '/does/not/exist' });
  expect(await read(other, "SELECT count() FROM system.functions WHERE origin LIKE 'Executable%'")).toBe('0\n');
  await other.close();
});

test('a closed engine refuses queries', async () => {
  const engine = await openTestEngine();
  await engine.close();
  await expect(read(engine, 'SELECT 1')).rejects.toMatchObject({ code: 'QUERY_CANCELLED' });
  await expect(engine.rows('SELECT 1')).rejects.toMatchObject({ code: 'QUERY_CANCELLED' });
});
