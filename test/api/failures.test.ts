import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { EmbedhouseError, openHost, type ErrorCode } from '../../src/index.ts';
import { frameTypes } from '../../src/bridge/embed.ts';
import { imagesPath, until } from '../host/hosted-function.ts';
import { ApiRuntime, rowsOf } from './api-runtime.ts';

let runtime: ApiRuntime;

beforeEach(() => {
  runtime = new ApiRuntime();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await runtime[Symbol.asyncDispose]();
});

const missing = join(imagesPath, 'no-such.jpg');
const grey = join(imagesPath, 'grey.png');
const someTexts = (count: number): string[] => Array.from({ length: count }, (_, row) => `${row} a dog and a cat`);

/** The error of a call that fails, with its code; never one of more than a line. */
async function failureOf(call: Promise<unknown>): Promise<{ code: ErrorCode; message: string }> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EmbedhouseError);
  const { code, message } = error as EmbedhouseError; // As was just seen.
  expect(message).not.toContain('\n');
  return { code, message };
}

/** Listens as a host does, in this process; `answer` is called with each connection that says anything. */
async function answerAsHost(answer: (socket: Socket) => void): Promise<AsyncDisposable> {
  mkdirSync(runtime.paths.folder, { mode: 0o700 });
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => answer(socket.resume())));
  server.listen(runtime.paths.socket);
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

function failureFrame(payload: string): Buffer {
  return Buffer.concat([Buffer.from([frameTypes.failure, payload.length, 0, 0, 0]), Buffer.from(payload)]);
}

test('a row that cannot be embedded fails the call, with the host’s code and sentence', async () => {
  await using host = await openHost();
  expect(await failureOf(host.encodeImage([grey, missing]))).toEqual({
    code: 'IMAGE_NOT_FOUND',
    message: expect.stringContaining(`encodeImage: image '${missing}' is not found`),
  });
  const notAnImage = new Uint8Array([1, 2, 3]);
  expect(await failureOf(host.encodeImage([notAnImage]))).toMatchObject({ code: 'IMAGE_INVALID' });
  // One half of a mixed list is enough.
  expect(await failureOf(host.encodeImage([grey, notAnImage]))).toMatchObject({ code: 'IMAGE_INVALID' });
  vi.stubEnv('EMBEDHOUSE_IMAGE_FOLDERS', '/no/such/folder');
  expect(await failureOf(host.encodeImage([grey]))).toMatchObject({ code: 'IMAGE_FORBIDDEN' });
});

test('such a row is a zero vector with onError zero, and counted', async () => {
  await using host = await openHost();
  const images = [missing, grey, new Uint8Array([1, 2, 3])];
  const rows = rowsOf(await host.encodeImage(images, { onError: 'zero' }));
  const zeros = Array.from({ length: 16 }, () => 0);
  expect(rows).toEqual([zeros, rowsOf(await host.encodeImage([grey]))[0], zeros]);
  expect((await host.status())?.rows.zeroed).toBe(2);
});

test('a model, dtype or prompt that is not there is named', async () => {
  await using host = await openHost();
  const text = ['a dog'];
  expect(await failureOf(host.encodeText(text, { model: 'no-such' }))).toEqual({
    code: 'MODEL_NOT_INSTALLED',
    message: expect.stringContaining("encodeText: model 'no-such' is not installed"),
  });
  expect(await failureOf(host.encodeText(text, { dtype: 'q8' }))).toMatchObject({ code: 'MODEL_INVALID' });
  expect(await failureOf(host.encodeText(text, { prompt: 'query' }))).toMatchObject({ code: 'USAGE' });
  expect(await failureOf(host.encodeText(text, { model: 'tiny-dino' }))).toMatchObject({ code: 'MODEL_INVALID' });
  expect(await failureOf(host.encodeImage([grey], { model: 'tiny-bert-mean' }))).toMatchObject({
    code: 'MODEL_INVALID',
  });
});

test('what is no option, no list or no text is refused by name, as JavaScript may pass it', async () => {
  await using host = await openHost();
  // The types forbid all of these.
  const { encodeText, encodeImage } = host as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
  const text = async (...given: unknown[]) => failureOf(encodeText?.call(host, ...given) ?? Promise.resolve());
  const image = async (...given: unknown[]) => failureOf(encodeImage?.call(host, ...given) ?? Promise.resolve());
  const usage = (part: string) => ({ code: 'USAGE', message: expect.stringContaining(part) });
  expect(await text('a dog')).toEqual(usage('encodeText: expected an array of texts, got string'));
  expect(await text(['a dog', 7])).toEqual(usage('element 1'));
  expect(await text(['a dog'], { dtype: 'fp23' })).toEqual(usage('encodeText: option dtype'));
  expect(await text(['a dog'], { normalise: true })).toEqual(usage('normalise'));
  expect(await image([grey], { prompt: 'query' })).toEqual(usage('prompt'));
  expect(await image([null])).toEqual(usage('element 0'));
  const options: object = { modelPath: '/models' };
  expect(await failureOf(openHost(options))).toEqual(usage('modelPath'));
});

describe('an abort', () => {
  test('before the call rejects with its reason and asks nobody', async () => {
    await using host = await openHost();
    const reason = new Error('changed my mind');
    const { rows } = await runtime.status();
    await expect(host.encodeText(['a dog'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect((await runtime.status()).rows).toEqual(rows);
  });

  test('in the middle of a call rejects with its reason, and the host drops the rest', async () => {
    await using host = await openHost();
    const cancel = new AbortController();
    const call = host.encodeText(someTexts(200_000), { signal: cancel.signal });
    await until(async () => (await runtime.status()).rows.text > 0, 'rows are answered');
    cancel.abort();
    await expect(call).rejects.toBe(cancel.signal.reason);
    await until(async () => (await runtime.status()).queue.bulk === 0, 'the queue is empty');
    await until(async () => (await runtime.status()).connections === 1, 'the connection is gone');
    expect((await runtime.status()).rows.text).toBeLessThan(200_000);
  });

  test('of one signal ends hundreds of calls, without a warning', async () => {
    await using host = await openHost();
    const warn = vi.fn<(warning: Error) => void>();
    process.on('warning', warn);
    const { signal } = new AbortController();
    await Promise.all(someTexts(100).map(async (text) => host.encodeText([text], { signal })));
    const timeout = AbortSignal.timeout(1);
    const calls = someTexts(100).map(async () => host.encodeText(someTexts(20_000), { signal: timeout }));
    const settled = await Promise.allSettled(calls);
    process.off('warning', warn);
    expect(settled).toEqual(calls.map(() => ({ status: 'rejected', reason: timeout.reason })));
    expect(warn).not.toHaveBeenCalled();
  });

  test('while the host starts leaves off waiting for it', async () => {
    const program = join(runtime.folder, 'slow-host.mjs');
    writeFileSync(program, 'setTimeout(() => {}, 1_000)');
    vi.stubEnv('EMBEDHOUSE_HOST_PROGRAM', program);
    await expect(openHost({ signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('a host', () => {
  test('that is killed in the middle of a call fails it; the next call has another host', async () => {
    await using host = await openHost();
    const call = failureOf(host.encodeText(someTexts(100_000)));
    await until(async () => (await runtime.status()).rows.text > 0, 'rows are answered');
    process.kill((await runtime.status()).pid, 'SIGKILL');
    expect(await call).toEqual({
      code: 'HOST_UNAVAILABLE',
      message: `encodeText: the model host stopped while it worked on this call: call again, which starts another; the host's log is ${runtime.paths.log}`,
    });
    expect((await host.encodeText(['a dog'])).shape).toEqual([1, 16]);
  });

  test('that cannot start is told with its log', async () => {
    const program = join(runtime.folder, 'broken-host.mjs');
    writeFileSync(program, 'process.exit(3)');
    vi.stubEnv('EMBEDHOUSE_HOST_PROGRAM', program);
    expect(await failureOf(openHost())).toEqual({
      code: 'HOST_UNAVAILABLE',
      message: `the model host could not start (it ended with exit code 3): its log is ${runtime.paths.log}`,
    });
  });

  test('of another version says so, in the frame that it knows', async () => {
    const sentence = 'encodeText: the running model host is of another version of embedhouse';
    await using _server = await answerAsHost((socket) => socket.end(failureFrame(sentence)));
    await using host = await openHost();
    expect(await failureOf(host.encodeText(['a dog']))).toEqual({ code: 'HOST_UNAVAILABLE', message: sentence });
  });

  test('that goes before it has said anything is asked once more, and no more', async () => {
    let asked = 0;
    await using _server = await answerAsHost((socket) => {
      asked++;
      socket.end(asked === 2 ? failureFrame('TEXT_INVALID\nencodeText: that was the second time') : '');
    });
    await using host = await openHost();
    const secondTime = { code: 'TEXT_INVALID', message: 'encodeText: that was the second time' };
    expect(await failureOf(host.encodeText(['a dog']))).toEqual(secondTime);
    expect(await failureOf(host.encodeText(['a dog']))).toMatchObject({ code: 'HOST_UNAVAILABLE' });
    expect(asked).toBe(4);
  });

  test('is where runtimePath says, unless its socket would not fit there', async () => {
    const runtimePath = join(runtime.folder, 'another');
    await using host = await openHost({ runtimePath });
    const status = await host.status();
    expect(status?.socket).toBe(join(runtimePath, 'host.sock'));
    process.kill(status?.pid ?? 0);
    await until(async () => (await host.status()) === undefined, 'the host has ended');
    const tooLong = join(runtime.folder, 'x'.repeat(100));
    expect(await failureOf(openHost({ runtimePath: tooLong }))).toMatchObject({ code: 'USAGE' });
  });
});

test('close rejects the calls under way and all later ones, may be called twice, and leaves the host', async () => {
  const host = await openHost();
  const call = failureOf(host.encodeText(someTexts(100_000)));
  await until(async () => (await runtime.status()).rows.text > 0, 'rows are answered');
  await Promise.all([host.close(), host.close()]);
  expect(await call).toMatchObject({ code: 'CANCELLED' });
  await host.close();
  expect(await failureOf(host.encodeText(['a dog']))).toMatchObject({ code: 'CANCELLED' });
  await using other = await openHost();
  expect((await other.encodeText(['a dog'])).shape).toEqual([1, 16]);
});
