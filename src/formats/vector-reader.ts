import type { Buffer } from 'node:buffer';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { ByteQueue } from './byte-queue.ts';

/** Reads `RowBinary` rows of one `Array(Float32)` column into one array, as their bytes arrive. */
export class VectorReader {
  /** Row-major, shape [rows, dimensions]; empty until the first row has begun to arrive. */
  vectors = new Float32Array(0);
  /** 0 until the first row has begun to arrive. */
  dimensions = 0;
  readonly #rows: number;
  readonly #bytes = new ByteQueue();
  #rowsRead = 0;
  #isInRow = false;

  /** Expects that many rows. */
  constructor(rows: number) {
    this.#rows = rows;
  }

  /** Takes the next bytes. @throws FORMAT_INVALID if a row is longer or shorter than the first one, or one too many */
  push(bytes: Buffer): void {
    this.#bytes.push(bytes);
    while (this.#beginRow()) {
      const floats = this.#bytes.take(this.dimensions * Float32Array.BYTES_PER_ELEMENT);
      if (floats === undefined) {
        return;
      }
      const row = new Uint8Array(this.vectors.buffer, this.#rowsRead * floats.length, floats.length);
      row.set(floats);
      this.#rowsRead++;
      this.#isInRow = false;
    }
  }

  #beginRow(): boolean {
    if (this.#isInRow) {
      return true;
    }
    const dimensions = this.#bytes.takeVarint();
    if (dimensions === undefined) {
      return false;
    }
    if (this.#rowsRead === 0) {
      this.dimensions = dimensions;
      this.vectors = new Float32Array(this.#rows * dimensions);
    }
    if (dimensions !== this.dimensions || this.#rowsRead === this.#rows) {
      throw new EmbedhouseError(
        'FORMAT_INVALID',
        `expected ${this.#rows} rows of ${this.dimensions} dimensions, but row ${this.#rowsRead} has ${dimensions}: was the model replaced meanwhile? call again`,
      );
    }
    this.#isInRow = true;
    return true;
  }
}
