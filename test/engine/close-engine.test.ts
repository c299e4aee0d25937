import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { openTestEngine, read } from './open-test-engine.ts';

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const temporaryFolders = async (): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('embedhouse-') && !name.startsWith('embedhouse-test-'));

test.each(['script_pid', 'ignores_end'])(
  'closing ends the pool of %s and removes the temporary folder',
  async (name) => {
    const before = await temporaryFolders();
    const engine = await openTestEngine();
    const pid = Number(await read(engine, `SELECT ${name}('x')`));
    expect(isRunning(pid)).toBe(true);
    await Promise.all([engine.close(), engine.close()]);
    expect(isRunning(pid)).toBe(false);
    expect(await temporaryFolders()).toEqual(before);
  },
);

test('closing cancels what runs', async () => {
  const engine = await openTestEngine();
  const running = expect(
    read(engine, 'SELECT sum(sipHash64(number)) FROM numbers(100000000000)'),
  ).rejects.toMatchObject({
    code: 'QUERY_CANCELLED',
  });
  const rows = expect(engine.rows("SELECT sleeps('600')")).rejects.toMatchObject({ code: 'QUERY_CANCELLED' });
  await read(engine, 'SELECT 1').catch(() => {});
  await engine.close();
  await running;
  await rows;
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
