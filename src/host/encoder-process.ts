/**
 * The program of an encoder process: holds the onnxruntime sessions and runs them. A session's run blocks this
 * process's event loop, which is why it is a process of its own.
 */
import { setImmediate as pollMessages } from 'node:timers/promises';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { EncoderSettings } from './encoder.ts';
import { imageSpecOf } from '../models/model-folder.ts';
import type { EncodedRun, EncodeRequest, EncoderReply, UnloadRequest } from './encoder-messages.ts';
import { OpenTowers } from './open-towers.ts';
import { prepareImages, type PreparedImages } from './prepare-images.ts';

/** A run that waits here; what can be done without its tower is under way. */
interface WaitingRun {
  request: EncodeRequest;
  images: Promise<PreparedImages> | undefined;
}

// The host sets it; see Encoder.
const settings = JSON.parse(process.env['EMBEDHOUSE_ENCODER'] ?? '{}') as EncoderSettings;
const limits = { maxBytes: settings.limits.maxImageBytes, maxPixels: settings.limits.maxImagePixels };
const towers = new OpenTowers(settings, (loaded) => reply({ type: 'loaded', loaded }));
const waiting: WaitingRun[] = [];
const unloading: string[] = [];
let isRunning = false;

function receive(request: EncodeRequest | UnloadRequest): void {
  if (request.type === 'unload') {
    unloading.push(...request.keys);
    void runWaiting();
    return;
  }
  const { input, model } = request;
  const images =
    input.tower === 'image'
      ? towers
          .folder(model)
          .then(async (folder) =>
            prepareImages(input.images, imageSpecOf(folder), limits, { exact: settings.exactImages }),
          )
      : undefined;
  images?.catch(() => {
    // Reported when its turn comes.
  });
  const firstBulk = request.isUrgent ? waiting.findIndex((other) => !other.request.isUrgent) : -1;
  waiting.splice(firstBulk === -1 ? waiting.length : firstBulk, 0, { request, images });
  void runWaiting();
}

/** Runs one after the other: two at once would want more threads than this process has. */
async function runWaiting(): Promise<void> {
  if (isRunning) {
    return;
  }
  isRunning = true;
  await unload();
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    await answer(next);
    if (settings.idleTimeoutMs > 0) {
      await towers.closeUnused(settings.idleTimeoutMs);
    }
    // An urgent run that came while this one blocked the event loop is next.
    await pollMessages();
    await unload();
  }
  isRunning = false;
}

/** Between runs: the host asks for towers that no run is with. */
async function unload(): Promise<void> {
  while (unloading.length > 0) {
    await towers.unload(unloading.splice(0));
  }
}

async function answer({ request, images }: WaitingRun): Promise<void> {
  const { id } = request;
  try {
    const run = await (images === undefined ? encodeTexts(request) : encodeImages(request, await images));
    reply({ type: 'encoded', id, run, residentBytes: process.memoryUsage.rss() });
  } catch (error) {
    const code = error instanceof EmbedhouseError ? error.code : 'ENCODER_CRASHED';
    reply({ type: 'failed', id, code, message: error instanceof Error ? error.message : String(error) });
  }
}

async function encodeTexts(request: EncodeRequest): Promise<EncodedRun> {
  const ids = request.input.tower === 'text' ? request.input.ids : [];
  const { dimensions } = await towers.folder(request.model);
  return { dimensions, vectors: await (await towers.text(request)).run(ids), failures: [] };
}

async function encodeImages(request: EncodeRequest, prepared: PreparedImages): Promise<EncodedRun> {
  const { pixels, rows, failures } = prepared;
  const { dimensions } = await towers.folder(request.model);
  const vectors = new Float32Array((rows.length + failures.length) * dimensions);
  if (pixels.length > 0) {
    const computed = await (await towers.image(request)).run(pixels);
    for (const [index, row] of rows.entries()) {
      vectors.set(computed.subarray(index * dimensions, (index + 1) * dimensions), row * dimensions);
    }
  }
  return { dimensions, vectors, failures };
}

function reply(message: EncoderReply): void {
  process.send?.(message);
}

process.on('message', (message) => {
  // IPC delivers what this project's host sends, and nothing else can write to that channel.
  receive(message as EncodeRequest | UnloadRequest);
});
// The host is gone, killed perhaps: nobody needs the rest.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group of a host in the foreground; the host ends this process.
process.on('SIGINT', () => {});
reply({ type: 'ready' });
