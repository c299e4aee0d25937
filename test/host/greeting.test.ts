import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { protocolVersion } from '../../src/bridge/embed.ts';
import { ByteQueue } from '../../src/formats/byte-queue.ts';
import { readGreeting } from '../../src/host/greeting.ts';
import { until } from './hosted-function.ts';

const hello = { protocol: protocolVersion, arguments: ['f'], folder: '/query', modelsPath: '/models' };

let folder: string;
let ours: Socket;
let theirs: Socket;
const server = createServer({ allowHalfOpen: true });

beforeEach(async () => {
  folder = mkdtempSync('/tmp/eh-greeting-');
  server.listen(join(folder, 's'));
  await once(server, 'listening');
  theirs = connect(join(folder, 's'));
  [ours] = (await once(server, 'connection')) as [Socket];
});

afterEach(async () => {
  theirs.destroy();
  ours.destroy();
  server.close();
  await once(server, 'close');
  rmSync(folder, { recursive: true });
});

describe('the first line of a connection', () => {
  test('is a bridge’s hello, and what follows stays to be read', async () => {
    const bytes = new ByteQueue();
    theirs.write(`${JSON.stringify(hello)}\n2\na d`);
    expect(await readGreeting(ours, bytes)).toEqual(hello);
    expect(bytes.take(bytes.length)?.toString()).toBe('2\na d');
  });

  test('may come in pieces', async () => {
    const line = `${JSON.stringify({ control: 'status' })}\n`;
    const bytes = new ByteQueue();
    const greeting = readGreeting(ours, bytes);
    theirs.write(line.slice(0, 5));
    await until(() => bytes.length === 5, 'the first piece is there');
    theirs.write(line.slice(5));
    expect(await greeting).toEqual({ control: 'status' });
  });

  test('is nothing when the other side goes before it says anything', async () => {
    theirs.end('{"prot');
    expect(await readGreeting(ours, new ByteQueue())).toBeUndefined();
  });

  test.each([
    ['another version of the protocol', JSON.stringify({ ...hello, protocol: protocolVersion + 1 })],
    ['a hello that lacks something', JSON.stringify({ protocol: protocolVersion })],
    ['a relative folder', JSON.stringify({ ...hello, folder: 'here' })],
    ['an unknown command', JSON.stringify({ control: 'dance' })],
    ['no JSON', 'GET / HTTP/1.1'],
  ])('is refused with what to do when it is %s', async (_, line) => {
    theirs.write(`${line}\n`);
    await expect(readGreeting(ours, new ByteQueue())).rejects.toMatchObject({
      code: 'HOST_UNAVAILABLE',
      message: expect.stringContaining("end it with 'embedhouse host stop' and run the query again"),
    });
  });

  test('is refused when it never ends', async () => {
    theirs.on('error', () => {});
    theirs.write('x'.repeat(300_000));
    await expect(readGreeting(ours, new ByteQueue())).rejects.toMatchObject({ code: 'FORMAT_INVALID' });
  });
});
