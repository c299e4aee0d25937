import { Buffer } from 'node:buffer';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';

/**
 * Bytes that have arrived but are not parsed yet. Reading never blocks: a method that finds too few bytes returns
 * `undefined` and consumes nothing.
 */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #length = 0;
  /** Leading chunks known to hold no line feed, so that a long line is searched once. */
  #searchedChunks = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    if (chunk.length > 0) {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
    }
  }

  /** Takes exactly `count` bytes. Chunks are joined only when all of them are there, so a long cell is copied once. */
  take(count: number): Buffer | undefined {
    if (count > this.#length) {
      return undefined;
    }
    const first = this.#firstChunk(count);
    const taken = first.subarray(0, count);
    this.#drop(first, count);
    return taken;
  }

  /**
   * Takes up to and without the next line feed, which is consumed.
   * @throws FORMAT_INVALID if none has come within `maxBytes`
   */
  takeLine(maxBytes: number): Buffer | undefined {
    for (; this.#searchedChunks < this.#chunks.length; this.#searchedChunks++) {
      const index = this.#chunks[this.#searchedChunks]?.indexOf(0x0a) ?? -1;
      if (index >= 0) {
        const before = this.#chunks.slice(0, this.#searchedChunks).reduce((sum, chunk) => sum + chunk.length, 0);
        const line = this.take(before + index + 1);
        return line?.subarray(0, -1);
      }
    }
    this.#refuseOver(maxBytes);
    return undefined;
  }

  #refuseOver(maxBytes: number): void {
    if (this.#length > maxBytes) {
      throw new EmbedhouseError(
        'FORMAT_INVALID',
        `a line of over ${maxBytes} bytes is over the limit: pass a smaller value, or check that the definition's <format> and its command agree`,
      );
    }
  }

  /**
   * Takes all whole lines that have come, with their line feeds.
   * @throws FORMAT_INVALID if none has come within `maxBytes`
   */
  takeLines(maxBytes: number): Buffer | undefined {
    for (let index = this.#chunks.length - 1, after = 0; index >= this.#searchedChunks; index--) {
      const chunk = this.#chunks[index] ?? Buffer.of();
      const end = chunk.lastIndexOf(0x0a) + 1;
      if (end > 0) return this.take(this.#length - after - (chunk.length - end));
      after += chunk.length;
    }
    this.#searchedChunks = this.#chunks.length;
    this.#refuseOver(maxBytes);
    return undefined;
  }

  /** The bytes that lie together at the front, without taking them. */
  get front(): Buffer | undefined {
    return this.#chunks[0];
  }

  /**
   * Takes a LEB128 number, ClickHouse's VarUInt.
   * @throws FORMAT_INVALID for more than 2^53 - 1, which no length or count in a block can be
   */
  takeVarint(): number | undefined {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 10; index++) {
      const byte = this.#byteAt(index);
      if (byte === undefined) {
        return undefined;
      }
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) {
          break;
        }
        this.take(index + 1);
        return value;
      }
      scale *= 128;
    }
    throw new EmbedhouseError(
      'FORMAT_INVALID',
      "a length in the data is larger than any block's: check that the definition's <format> and its command agree",
    );
  }

  #byteAt(index: number): number | undefined {
    let offset = index;
    for (const chunk of this.#chunks) {
      if (offset < chunk.length) {
        return chunk[offset];
      }
      offset -= chunk.length;
    }
    return undefined;
  }

  #firstChunk(atLeast: number): Buffer {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= atLeast) {
      return first;
    }
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #drop(first: Buffer, count: number): void {
    this.#length -= count;
    this.#searchedChunks = 0;
    if (count === first.length) {
      this.#chunks.shift();
    } else {
      this.#chunks[0] = first.subarray(count);
    }
  }
}
