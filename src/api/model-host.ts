import { setMaxListeners } from 'node:events';

import { protocolVersion, type BridgeHello, type RuntimePaths } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { writeStringRows } from '../formats/string-rows.ts';
import { VectorReader } from '../formats/vector-reader.ts';
import { readHostStatus } from '../host/host-client.ts';
import type { HostStatus } from '../host/host-status.ts';
import {
  checkOptions,
  type DescribeOptions,
  type EncodeOptions,
  type EncodeTextOptions,
  type ModelOptions,
} from './call-options.ts';
import { mergeEmbeddings, type Embeddings } from './embeddings.ts';
import { askHost } from './host-request.ts';
import { readDescription, describedFields, type DescribedModel } from './model-description.ts';

/** What `openHost` has found out. */
export interface ModelHostSettings extends ModelOptions {
  paths: RuntimePaths;
  modelsPath: string;
}

/** One call under way. */
interface Call {
  stop: AbortController;
  ended: Promise<unknown>;
}

/**
 * This user's model host, as SQL functions use it. Calls may run concurrently: each has a connection of its own, and the
 * host computes them in common batches. A call that finds no host starts one.
 */
export class ModelHost implements AsyncDisposable {
  readonly #settings: ModelHostSettings;
  readonly #calls = new Set<Call>();
  #isClosed = false;

  constructor(settings: ModelHostSettings) {
    this.#settings = settings;
  }

  /**
   * Embeds texts. The host computes equal ones once; a list may be long, it is sent as the host takes it.
   *
   * @throws EmbedhouseError `MODEL_NOT_INSTALLED` or `MODEL_INVALID`; `USAGE` for options or texts that are none;
   *   `HOST_UNAVAILABLE` or `ENCODER_CRASHED`, after which the same call may succeed; `CANCELLED` when
   *   `close` was called
   */
  async encodeText(texts: readonly string[], options: EncodeTextOptions = {}): Promise<Embeddings> {
    checkOptions('encodeText', options);
    checkList('encodeText', texts, 'texts', (text) => typeof text === 'string');
    const { prompt } = options;
    const flags = prompt === undefined ? [] : [`--prompt=${prompt}`];
    return this.#call(options, async (signal) =>
      this.#encode(texts, { ...options, command: ['encodeText', '--input', 'text', ...flags], signal }),
    );
  }

  /**
   * Embeds images: paths of files, which the host reads, or files' bytes. A relative path starts at the current folder; an
   * empty path, or no bytes, has the zero vector.
   *
   * @throws EmbedhouseError `IMAGE_NOT_FOUND`, `IMAGE_INVALID`, `IMAGE_TOO_LARGE` or `IMAGE_FORBIDDEN` for a row that
   *   cannot be embedded, unless `onError` is `zero`; otherwise as `encodeText`
   */
  async encodeImage(images: readonly (string | Uint8Array)[], options: EncodeOptions = {}): Promise<Embeddings> {
    checkOptions('encodeImage', options);
    const isImage = (image: unknown): boolean => typeof image === 'string' || image instanceof Uint8Array;
    checkList('encodeImage', images, 'paths or Uint8Arrays', isImage);
    const isPath = (image: string | Uint8Array): boolean => typeof image === 'string';
    return this.#call(options, async (signal) => {
      const encode = async (input: string, chosen: readonly (string | Uint8Array)[]): Promise<Embeddings> =>
        this.#encode(chosen, { ...options, command: ['encodeImage', '--input', input], signal });
      if (images.every(isPath)) {
        return encode('image', images);
      }
      if (!images.some(isPath)) {
        return encode('image-bytes', images);
      }
      const positions = [...images.keys()];
      const parts = [
        { input: 'image', positions: positions.filter((index) => isPath(images[index] ?? '')) },
        { input: 'image-bytes', positions: positions.filter((index) => !isPath(images[index] ?? '')) },
      ];
      return mergeEmbeddings(
        await Promise.all(
          parts.map(async ({ input, positions }) => {
            const chosen = positions.map((index) => images[index] ?? '');
            return { embeddings: await encode(input, chosen), positions };
          }),
        ),
      );
    });
  }

  /**
   * Says which model embeds here: what is to be kept beside vectors, as `encode_text_model` does in SQL. Its digest is
   * that of the model's files, which are read at the first call.
   *
   * @throws EmbedhouseError as `encodeText`
   */
  async describeModel(options: DescribeOptions = {}): Promise<DescribedModel> {
    checkOptions('describeModel', options);
    return this.#call(options, async (signal) => {
      const chunks: Buffer[] = [];
      await askHost({
        paths: this.#settings.paths,
        hello: this.#hello(['describeModel', '--input', 'model', '--format', 'TabSeparated'], options),
        input: () => [Buffer.from(describedFields.map((field) => `${field}\n`).join(''))],
        onData: (bytes) => chunks.push(bytes),
        signal,
      });
      return readDescription(Buffer.concat(chunks).toString());
    });
  }

  /** Gives the host's processes, models, rows, queue and cache; `undefined` while none runs. It starts none. */
  async status(): Promise<HostStatus | undefined> {
    return readHostStatus(this.#settings.paths);
  }

  /**
   * Rejects the calls under way with `CANCELLED`, and any later one. The host itself goes on: SQL functions and other
   * processes may be using it, and it ends when it is idle.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { stop } of this.#calls) {
      stop.abort(new EmbedhouseError('CANCELLED', 'the connection to the model host was closed during this call'));
    }
    await Promise.allSettled([...this.#calls].map(async ({ ended }) => ended));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Runs one call, until it has ended or its signal or `close` aborts it. */
  async #call<T>(options: { signal?: AbortSignal | undefined }, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.#isClosed) {
      throw new EmbedhouseError('CANCELLED', 'this connection to the model host is closed: open another with openHost');
    }
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(signal?.reason);
    if (signal !== undefined) {
      // One signal may be that of hundreds of calls.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', onAbort);
    }
    const ended = work(stop.signal);
    const call = { stop, ended };
    this.#calls.add(call);
    try {
      return await ended;
    } finally {
      // The other half of a call of which one half has failed.
      stop.abort();
      signal?.removeEventListener('abort', onAbort);
      this.#calls.delete(call);
    }
  }

  async #encode(
    values: readonly (string | Uint8Array)[],
    { command, signal, onError = 'fail', ...options }: EncodeOptions & { command: string[]; signal: AbortSignal },
  ): Promise<Embeddings> {
    if (values.length === 0) {
      return { vectors: new Float32Array(0), shape: [0, 0] };
    }
    const normalize = options.normalize ?? this.#settings.normalize ?? false;
    const args = [...command, '--format', 'RowBinary', '--chunk-header', '--on-error', onError];
    const reader = new VectorReader(values.length);
    await askHost({
      paths: this.#settings.paths,
      hello: this.#hello([...args, ...(normalize ? ['--normalize'] : [])], options),
      input: () => writeStringRows(values),
      onData: (bytes) => reader.push(bytes),
      signal,
    });
    return { vectors: reader.vectors, shape: [values.length, reader.dimensions] };
  }

  #hello(command: string[], options: Pick<ModelOptions, 'model' | 'dtype'>): BridgeHello {
    const { modelsPath, ...settings } = this.#settings;
    const model = options.model ?? settings.model;
    const imageFolders = process.env['EMBEDHOUSE_IMAGE_FOLDERS'];
    return {
      protocol: protocolVersion,
      arguments: [...command, '--dtype', options.dtype ?? settings.dtype ?? 'fp32'],
      folder: process.cwd(),
      modelsPath,
      ...(model !== undefined && { model }),
      ...(imageFolders && { imageFolders }),
    };
  }
}

function checkList(name: string, values: readonly unknown[], what: string, isOne: (value: unknown) => boolean): void {
  // A string would be taken for a list of its characters.
  if (!Array.isArray(values)) {
    throw new EmbedhouseError('USAGE', `${name}: expected an array of ${what}, got ${typeof values}`);
  }
  const bad = values.findIndex((value) => !isOne(value));
  if (bad !== -1) {
    throw new EmbedhouseError('USAGE', `${name}: expected an array of ${what}, but element ${bad} is none`);
  }
}
