/**
 * The program of an encoder process: holds the onnxruntime sessions and runs them. A session's run blocks this
 * process's event loop, which is why it is a process of its own.
 */
import { openModelFolder, type ModelFolder } from '../models/model-folder.ts';
import { openImageTower } from '../models/image-tower.ts';
import type { TowerOptions } from '../models/open-tower.ts';
import { openTextTower } from '../models/text-tower.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { prepareImages } from './prepare-images.ts';
import type { EncodedRun, EncodeRequest, EncoderReply, ModelReference } from './encoder-messages.ts';

interface Settings {
  threads: number;
  limits: { maxImageBytes: number; maxImagePixels: number };
}

// The host sets it; see Encoder.
const settings = JSON.parse(process.env['EMBEDHOUSE_ENCODER'] ?? '{}') as Settings;
const limits = { maxBytes: settings.limits.maxImageBytes, maxPixels: settings.limits.maxImagePixels };

/**
 * Opens something once for each model and precision, and anew when the model has changed on disk; what failed to open is
 * tried again by the next run.
 */
class Opened<T> {
  readonly #open: (model: ModelReference) => Promise<T>;
  readonly #close: (previous: T) => Promise<void>;
  readonly #opened = new Map<string, { fingerprint: string; opening: Promise<T> }>();

  constructor(open: (model: ModelReference) => Promise<T>, close: (previous: T) => Promise<void> = async () => {}) {
    this.#open = open;
    this.#close = close;
  }

  async get(model: ModelReference): Promise<T> {
    const { modelsPath, name, precision, fingerprint } = model;
    const key = JSON.stringify([modelsPath, name, precision]);
    const known = this.#opened.get(key);
    if (known?.fingerprint === fingerprint) {
      return known.opening;
    }
    const opening = this.#replace(known?.opening, model);
    this.#opened.set(key, { fingerprint, opening });
    opening.catch(() => this.#opened.delete(key));
    return opening;
  }

  async #replace(previous: Promise<T> | undefined, model: ModelReference): Promise<T> {
    if (previous !== undefined) {
      await this.#close(await previous);
    }
    return this.#open(model);
  }
}

const folders = new Opened(async ({ modelsPath, name }) => openModelFolder(modelsPath, name));
const textTowers = openedTowers('text', openTextTower);
const imageTowers = openedTowers('image', openImageTower);

/** Runs are serial: none uses a tower that is closed for its successor. */
function openedTowers<T extends AsyncDisposable>(
  tower: 'text' | 'image',
  open: (folder: ModelFolder, options: TowerOptions) => Promise<T>,
): Opened<T> {
  return new Opened(
    async (model) => {
      const startedAt = performance.now();
      const opened = await open(await folders.get(model), { precision: model.precision, threads: settings.threads });
      const loadMs = Math.round(performance.now() - startedAt);
      reply({ type: 'loaded', loaded: { model: model.name, precision: model.precision, tower, loadMs } });
      return opened;
    },
    async (previous) => previous[Symbol.asyncDispose](),
  );
}

/** Starts the part of a request that needs no tower, and answers the part that does. */
function prepare({ model, input }: EncodeRequest): () => Promise<EncodedRun> {
  if (input.tower === 'text') {
    return async () => {
      const { dimensions } = await folders.get(model);
      return { dimensions, vectors: await (await textTowers.get(model)).run(input.ids), failures: [] };
    };
  }
  const prepared = folders.get(model).then(async (folder) => ({
    folder,
    ...(await prepareImages(input, folder.image, limits)),
  }));
  prepared.catch(() => {
    // Reported when its turn comes.
  });
  return async () => {
    const { folder, pixels, rows, failures } = await prepared;
    const { dimensions } = folder;
    const vectors = new Float32Array(input.images.length * dimensions);
    if (pixels.length > 0) {
      const computed = await (await imageTowers.get(model)).run(pixels);
      for (const [index, row] of rows.entries()) {
        vectors.set(computed.subarray(index * dimensions, (index + 1) * dimensions), row * dimensions);
      }
    }
    return { dimensions, vectors, failures };
  };
}

async function answer(id: number, compute: () => Promise<EncodedRun>): Promise<void> {
  try {
    const run = await compute();
    reply({ type: 'encoded', id, run, residentBytes: process.memoryUsage.rss() });
  } catch (error) {
    const code = error instanceof EmbedhouseError ? error.code : 'ENCODER_CRASHED';
    reply({ type: 'failed', id, code, message: error instanceof Error ? error.message : String(error) });
  }
}

function reply(message: EncoderReply): void {
  process.send?.(message);
}

// One run at a time: two sessions at once would want more threads than there are cores.
let last: Promise<void> = Promise.resolve();

process.on('message', (message) => {
  // IPC delivers what this project's host sends, and nothing else can write to that channel.
  const request = message as EncodeRequest;
  const compute = prepare(request);
  last = last.then(async () => answer(request.id, compute));
});
// The host is gone, killed perhaps: nobody needs the rest.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group of a host in the foreground; the host ends this process.
process.on('SIGINT', () => {});
reply({ type: 'ready' });
