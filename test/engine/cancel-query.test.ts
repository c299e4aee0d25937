import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { openTestEngine, read } from './open-test-engine.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await openTestEngine();
});

afterAll(async () => {
  await engine.close();
});

const cancelled = { code: 'QUERY_CANCELLED' };

/** Aborts once a statement that holds `text` is running. */
async function abortWhenRunning(text: string): Promise<AbortSignal> {
  const controller = new AbortController();
  const watch = async (): Promise<void> => {
    for (;;) {
      const [row] = await engine.rows<{ running: number }>(
        "SELECT count() AS running FROM system.processes WHERE position(query, {text:String}) > 0 AND NOT has(splitByChar(' ', query), 'system.processes')",
        { params: { text } },
      );
      if (row?.running === 1) return controller.abort();
    }
  };
  void watch();
  return controller.signal;
}

test.each([
  ['while it computes', 'SELECT sum(sipHash64(number)) FROM numbers(100000000000)'],
  ['in the middle of a result', 'SELECT number FROM numbers(100000000000)'],
  ['in an INSERT SELECT', "INSERT INTO FUNCTION null('n UInt64') SELECT number FROM numbers(100000000000)"],
  ["while a function's script computes a constant", "SELECT sleeps('600')"],
  ["while a function's script computes a column", "SELECT sleeps('600') FROM numbers(2)"],
  ["while a function's script never answers", "SELECT never_answers('x') FROM numbers(1)"],
])('a query is cancelled %s, and the next one works', async (_, sql) => {
  const signal = await abortWhenRunning(sql);
  await expect(read(engine, sql, { signal })).rejects.toMatchObject(cancelled);
  expect(await read(engine, "SELECT sleeps('0')")).toBe('0\n');
});

test('the statements after the cancelled one do not run', async () => {
  const signal = await abortWhenRunning('numbers(100000000001)');
  const sql =
    'SELECT sum(sipHash64(number)) FROM numbers(100000000001); CREATE TABLE after_cancel (a UInt8) ENGINE = Memory';
  await expect(engine.run(sql, { signal })).rejects.toMatchObject(cancelled);
  expect(await read(engine, 'EXISTS TABLE after_cancel')).toBe('0\n');
});

test('a query is cancelled while its output takes nothing', async () => {
  const controller = new AbortController();
  const output = new PassThrough();
  const running = engine.run('SELECT number FROM numbers(100000000000)', { output, signal: controller.signal });
  output.once('readable', () => controller.abort());
  await expect(running).rejects.toMatchObject(cancelled);
});

test('rows are cancelled too', async () => {
  const signal = await abortWhenRunning("SELECT sleeps('601')");
  await expect(engine.rows("SELECT sleeps('601')", { signal })).rejects.toMatchObject(cancelled);
});

test('more rows than may run at once all come, and can all be cancelled', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, async (_, n) =>
      engine.rows<{ n: string }>('SELECT {n:String} AS n', { params: { n: `${n}` } }),
    ),
  );
  expect(answers.flat().map(({ n }) => Number(n))).toEqual(Array.from({ length: 12 }, (_, n) => n));
  const signal = AbortSignal.timeout(300);
  const endless = Array.from({ length: 6 }, async () =>
    engine
      .rows('SELECT sum(sipHash64(number)) FROM numbers(100000000000)', { signal })
      .catch((error: unknown) => error),
  );
  for (const error of await Promise.all(endless)) expect(error).toMatchObject(cancelled);
});

test('a signal that has fired already keeps the query from starting', async () => {
  await expect(
    read(engine, 'CREATE TABLE never (a UInt8) ENGINE = Memory', { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject(cancelled);
  expect(await read(engine, 'EXISTS TABLE never')).toBe('0\n');
});
