import { Readable } from 'node:stream';

/** A stream of what an iterable yields. `failure` is what the iterable threw, and not what happened to the stream. */
export class Source {
  readonly stream: Readable;
  failure: unknown;

  constructor(data: AsyncIterable<Uint8Array>) {
    this.stream = Readable.from(this.#read(data), { objectMode: false });
  }

  async *#read(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* data;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}
