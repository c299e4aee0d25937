import { Readable } from 'node:stream';

/** A stream of what an iterable yields. `failure` is what the iterable threw, and not what happened to the stream. */
export class Source {
  readonly stream: Readable;
  failure: unknown;
  readonly #beforeFailing: () => Promise<void>;

  /** `beforeFailing` runs when the iterable has thrown, before the stream fails with it. */
  constructor(data: AsyncIterable<Uint8Array>, beforeFailing = async (): Promise<void> => {}) {
    this.#beforeFailing = beforeFailing;
    this.stream = Readable.from(this.#read(data), { objectMode: false });
  }

  async *#read(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    // Not `yield*`: what destroys the stream is thrown into this generator, and would look like a failure of the data.
    const iterator = data[Symbol.asyncIterator]();
    try {
      for (let next = await this.#next(iterator); next.done !== true; next = await this.#next(iterator))
        yield next.value;
    } finally {
      await iterator.return?.();
    }
  }

  async #next(iterator: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    try {
      return await iterator.next();
    } catch (error) {
      this.failure = error;
      await this.#beforeFailing();
      throw error;
    }
  }
}
