import { connect } from 'node:net';
import { readFileSync, rmSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { HostStatus } from '../../src/host/host-status.ts';
import { readVectors, writeBlock } from './function-bytes.ts';
import { encoderPids, isAlive, mainProgram, TestRuntime, until } from './hosted-function.ts';

const command = 'encode_text --input text --format RowBinary --chunk-header';
/** Enough long and different texts to keep the encoder busy for seconds. */
const manyTexts = Array.from({ length: 50_000 }, (_, row) => `${row} a dog and a cat and a house`);

/** One host serves the tests that do not end it. */
let shared: TestRuntime;
let runtime: TestRuntime;

beforeAll(() => {
  shared = new TestRuntime();
});

beforeEach(() => {
  runtime = shared;
});

afterEach(async () => {
  if (runtime !== shared) {
    await runtime[Symbol.asyncDispose]();
  }
});

afterAll(async () => {
  await shared[Symbol.asyncDispose]();
});

/** Waits until an encoder process has runs to do, and answers its pid too. */
async function whileEncoding(): Promise<HostStatus & { encoderPid: number }> {
  for (;;) {
    await until(async () => runsOf(await runtime.status()) > 0, 'an encoder works');
    const status = await runtime.status();
    const encoderPid = status.encoders.find(({ runs }) => runs > 0)?.pid;
    if (typeof encoderPid === 'number') {
      return { ...status, encoderPid };
    }
  }
}

function runsOf({ encoders }: HostStatus): number {
  return encoders.reduce((sum, { runs }) => sum + runs, 0);
}

function restartsOf({ encoders }: HostStatus): number {
  return encoders.reduce((sum, { restarts }) => sum + restarts, 0);
}

async function startEncoding(): Promise<ReturnType<TestRuntime['startBridge']>> {
  const bridge = runtime.startBridge(command);
  bridge.child.stdin.write(writeBlock('RowBinary', manyTexts));
  await until(() => bridge.output().length > 0, 'the first rows are answered');
  return bridge;
}

const success = { code: 0, stderr: '', rows: 1 };

/** Calls the function with one text. */
async function callOnce(): Promise<{ code: number | null; stderr: string; rows: number }> {
  const { code, stdout, stderr } = await runtime.call(command, writeBlock('RowBinary', ['a dog']));
  return { code, stderr, rows: readVectors('RowBinary', stdout).length };
}

describe('an encoder process that is killed during a query', () => {
  test('ends the query with that reason, and the next one works', async () => {
    const bridge = await startEncoding();
    const before = await whileEncoding();
    process.kill(before.encoderPid, 'SIGKILL');
    const { code, stderr } = await bridge.finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^embedhouse: encode_text: the encoder process ended \(SIGKILL\)[^\n]*run the query again\n$/,
    );
    expect(await callOnce()).toEqual(success);
    const after = await runtime.status();
    expect(restartsOf(after)).toBe(restartsOf(before) + 1);
    expect(encoderPids(after)).not.toContain(before.encoderPid);
  });

  test('does not fail a query that comes while it is started anew', async () => {
    const bridge = await startEncoding();
    const { encoderPid } = await whileEncoding();
    process.kill(encoderPid, 'SIGKILL');
    expect(await callOnce()).toEqual(success);
    expect((await bridge.finished).code).toBe(1);
  });

  test('leaves no connection behind, though the query had much more to say', async () => {
    const bridge = await startEncoding();
    process.kill((await whileEncoding()).encoderPid, 'SIGKILL');
    expect((await bridge.finished).code).toBe(1);
    // The only connection is the one that asks.
    await until(async () => (await runtime.status()).connections === 1, 'the connection is closed');
  });
});

describe('a bridge that goes in the middle of a block', () => {
  test('leaves a host that drops its work and serves the next', async () => {
    const bridge = await startEncoding();
    const before = (await whileEncoding()).rows.text;
    bridge.child.kill('SIGKILL');
    await bridge.finished;
    await until(async () => {
      const status = await runtime.status();
      // The only connection is the one that asks.
      return status.queue.bulk === 0 && runsOf(status) === 0 && status.connections === 1;
    }, 'the work is dropped');
    expect((await runtime.status()).rows.text - before).toBeLessThan(manyTexts.length);
    expect(await callOnce()).toEqual(success);
  });
});

describe('the end of the host', () => {
  beforeEach(() => {
    runtime = new TestRuntime();
  });

  test('comes with SIGTERM, and takes the encoder process and the socket along', async () => {
    expect(await callOnce()).toEqual(success);
    const status = await runtime.status();
    const pids = [status.pid, ...encoderPids(status)];
    expect(pids.length).toBeGreaterThan(1);
    process.kill(status.pid, 'SIGTERM');
    await until(() => !pids.some(isAlive), 'all processes have ended');
    expect(readFileSync(runtime.paths.log, 'utf8')).toContain('host closed');
    expect(() => readFileSync(runtime.paths.socket)).toThrow('ENOENT');
  });

  test('by a kill takes the encoder process along', async () => {
    const bridge = await startEncoding();
    const status = await whileEncoding();
    process.kill(status.pid, 'SIGKILL');
    await until(() => !encoderPids(status).some(isAlive), 'the encoder processes have ended');
    expect((await bridge.finished).code).toBe(1);
  });

  test('comes after idle time, whatever is asked about its state', async () => {
    const host = runtime.start(mainProgram, ['host', 'run', '--idle-minutes', '0.02']);
    const idleBridge = runtime.startBridge(command);
    await until(async () => (await runtime.embedhouse('host', 'status')).code === 0, 'the host listens');
    idleBridge.child.stdin.write(writeBlock('RowBinary', ['a dog']));
    await until(() => idleBridge.output().length > 0, 'the row is answered');
    const status = await runtime.status();
    await until(async () => (await runtime.embedhouse('host', 'status')).code === 1, 'no host runs');
    expect((await host.finished).code).toBe(0);
    expect(encoderPids(status).map(isAlive)).toEqual([false]);
    // The bridge had nothing to lose.
    idleBridge.child.stdin.end();
    expect(await idleBridge.finished).toMatchObject({ code: 0, stderr: '' });
  });

  test('waits for what is being answered when it is asked for', async () => {
    const bridge = runtime.startBridge(command);
    bridge.child.stdin.write(writeBlock('RowBinary', manyTexts.slice(0, 2_000)));
    await until(async () => (await runtime.embedhouse('host', 'status')).code === 0, 'the host listens');
    await whileEncoding();
    const stopped = await runtime.embedhouse('host', 'stop');
    expect(stopped).toMatchObject({ code: 0, stderr: expect.stringMatching(/^host \d+ has ended\n$/) });
    expect(readVectors('RowBinary', bridge.output())).toHaveLength(2_000);
    expect(await runtime.embedhouse('host', 'stop')).toMatchObject({ code: 0, stderr: 'no host runs\n' });
  });
});

test('models are unloaded when nobody asks, and loaded again by the next call', async () => {
  runtime = new TestRuntime();
  runtime.start(mainProgram, ['host', 'run', '--unload-minutes', '0.01']);
  await until(async () => (await runtime.embedhouse('host', 'status')).code === 0, 'the host listens');
  expect(await callOnce()).toEqual(success);
  const { pid } = await runtime.status();
  await until(async () => encoderPids(await runtime.status()).length === 0, 'no encoder process is left');
  expect(await callOnce()).toEqual(success);
  const after = await runtime.status();
  expect(after.pid).toBe(pid);
  // It ended as it should.
  expect(restartsOf(after)).toBe(0);
});

test('a second host in the same runtime folder ends and says that one runs', async () => {
  expect(await callOnce()).toEqual(success);
  const { code, stderr } = await runtime.embedhouse('host', 'run');
  expect(code).toBe(1);
  expect(stderr).toContain(`a model host listens on ${runtime.paths.socket} already`);
  expect(await callOnce()).toEqual(success);
});

test('a connection that speaks another version of the protocol is told what to do', async () => {
  expect(await callOnce()).toEqual(success);
  const socket = connect(runtime.paths.socket);
  socket.write(`${JSON.stringify({ protocol: 0, arguments: ['encode_text'], folder: '/', modelsPath: '/' })}\nrest`);
  const answer = Buffer.concat(await socket.toArray());
  expect(answer.readUInt8(0)).toBe(2);
  expect(answer.readUInt32LE(1)).toBe(answer.length - 5);
  expect(answer.subarray(5).toString()).toContain("end it with 'embedhouse host stop' and run the query again");
});

test('a host that no longer owns its socket ends and leaves the new one alone', async () => {
  runtime = new TestRuntime();
  expect(await callOnce()).toEqual(success);
  const first = await runtime.status();
  rmSync(runtime.paths.socket);
  expect(await callOnce()).toEqual(success);
  const second = await runtime.status();
  expect(second.pid).not.toBe(first.pid);
  await until(() => !isAlive(first.pid), 'the first host has ended');
  expect((await runtime.status()).pid).toBe(second.pid);
  expect(await callOnce()).toEqual(success);
});
