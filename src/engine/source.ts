import { Readable } from 'node:stream';

/** A stream of what an iterable yields. `failure` is what the iterable threw, and not what happened to the stream. */
export class Source {
  readonly stream: Readable;
  failure: unknown;

  constructor(data: AsyncIterable<Uint8Array>) {
    this.stream = Readable.from(this.#read(data), { objectMode: false });
  }

  async *#read(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    // Not `yield*`: what destroys the stream is thrown into this generator, and would look like a failure of the data.
    const iterator = data[Symbol.asyncIterator]();
    try {
      for (let next = await this.#next(iterator); next.done !== true; next = await this.#next(iterator)) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }

  async #next(iterator: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    try {
      return await iterator.next();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}
