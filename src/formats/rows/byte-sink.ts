import { Buffer } from 'node:buffer';

const initialBytes = 64 * 1024;
/** Shorter text is written character by character as long as it is ASCII. */
const shortCharacters = 24;

/** Collects the bytes of an answer. */
export class ByteSink {
  #bytes = Buffer.allocUnsafeSlow(initialBytes);
  view = viewOf(this.#bytes);
  length = 0;

  /** Makes room for `count` bytes and gives their offset. */
  advance(count: number): number {
    const start = this.length;
    this.length = start + count;
    if (this.length > this.#bytes.length) this.#grow();
    return start;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      const at = this.advance(1);
      this.view.setUint8(at, (rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    const at = this.advance(1);
    this.view.setUint8(at, rest);
  }

  put(bytes: Uint8Array): void {
    const at = this.advance(bytes.length);
    this.#bytes.set(bytes, at);
  }

  zeros(count: number): void {
    const at = this.advance(count);
    this.#bytes.fill(0, at, at + count);
  }

  /** Writes text with its length before it. */
  text(text: string): void {
    if (text.length < shortCharacters) {
      const start = this.advance(text.length + 1);
      this.view.setUint8(start, text.length);
      let index = 0;
      for (; index < text.length; index++) {
        const code = text.charCodeAt(index);
        if (code > 127) break;
        this.view.setUint8(start + 1 + index, code);
      }
      if (index === text.length) return;
      this.length = start;
    }
    const size = Buffer.byteLength(text);
    this.varint(size);
    const at = this.advance(size);
    this.#bytes.write(text, at);
  }

  /** Gives what was collected, and begins anew. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.length));
    this.length = 0;
    return taken;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.length, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.view = viewOf(larger);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
