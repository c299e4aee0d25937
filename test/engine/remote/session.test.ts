import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { openRemoteEngine } from '../../../src/engine/remote/remote-engine.ts';
import { read } from '../open-test-engine.ts';
import { startTestServer, type TestServerOptions } from './start-test-server.ts';

async function withServer(options: TestServerOptions, use: (url: string) => Promise<void>): Promise<void> {
  const server = await startTestServer(options);
  try {
    await use(server.url);
  } finally {
    await server.stop();
  }
}

// A server that allows less than an hour: the session then lasts as long as the server likes.
test('misses a session that the server has ended, if it held something', async () => {
  await withServer({ maxSessionTimeout: 1, defaultSessionTimeout: 1 }, async (url) => {
    await using engine = await openRemoteEngine({ url });
    await sleep(1500);
    expect(await read(engine, 'SELECT 1')).toBe('1\n');
    await engine.run('SET max_threads = 3');
    expect(await read(engine, "SELECT getSetting('max_threads')")).toBe('3\n');
    await sleep(1500);
    await expect(read(engine, "SELECT getSetting('max_threads')")).rejects.toMatchObject({
      clickhouseCode: 372,
      message: expect.stringContaining('the server has lost the session, and with it settings and temporary tables'),
    });
  });
});

test('sessions of two engines are two', async () => {
  await withServer({}, async (url) => {
    await using one = await openRemoteEngine({ url });
    await using two = await openRemoteEngine({ url });
    await one.run('SET max_threads = 3');
    await two.run('SET max_threads = 4');
    expect(await read(one, "SELECT getSetting('max_threads')")).toBe('3\n');
  });
});

// Before 25.11 nothing tells a failure's text from data: then the server is to send nothing before it knows.
test('a failure in the middle is one also with a server that does not mark it', async () => {
  await withServer({ hasExceptionTag: false }, async (url) => {
    await using engine = await openRemoteEngine({ url });
    const failing = 'throwIf(number = 500000) AS a FROM numbers(1000000) SETTINGS max_block_size = 1000';
    let chunks = 0;
    const reading = (async () => {
      for await (const _ of engine.stream(`SELECT ${failing}`)) chunks += 1;
    })();
    await expect(reading).rejects.toMatchObject({ clickhouseCode: 395 });
    expect(chunks).toBe(0);
    await expect(engine.rows(`SELECT ${failing}`)).rejects.toMatchObject({ clickhouseCode: 395 });
    expect(await read(engine, 'SELECT 1; SELECT 2')).toBe('1\n2\n');
  });
});
