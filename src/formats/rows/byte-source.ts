import { Buffer, isAscii } from 'node:buffer';

/** How many bytes of ASCII are decoded together: one call for many short texts. */
const windowBytes = 1024;
/** Longer texts are decoded one by one. */
const shortBytes = 256;

/** Reads values from bytes that have arrived. `advance` says by `false` that a value is not whole. */
export class ByteSource {
  readonly bytes: Buffer;
  readonly view: DataView;
  position = 0;
  /** Set when a value was cut; what was read since is void. */
  isCut = false;
  #isAscii: boolean | undefined;
  /** The text of some bytes. V8 keeps it in memory as long as a part of it lives: it is small. */
  #window = '';
  #windowStart = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Takes `count` bytes and gives their offset, or -1 when there are fewer. */
  advance(count: number): number {
    const start = this.position;
    const end = start + count;
    if (end > this.bytes.length) {
      this.isCut = true;
      return -1;
    }
    this.position = end;
    return start;
  }

  /** Takes a LEB128 number, or gives -1. */
  varint(): number {
    const first = this.position < this.bytes.length ? this.view.getUint8(this.position) : 128;
    if (first < 128) {
      this.position++;
      return first;
    }
    let value = 0;
    let scale = 1;
    for (let at = this.position; at < this.bytes.length && scale < 2 ** 63; at++) {
      const byte = this.view.getUint8(at);
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 128) {
        this.position = at + 1;
        return value;
      }
    }
    this.isCut = true;
    return -1;
  }

  /** Gives bytes as text; what is not UTF-8 becomes U+FFFD. */
  text(start: number, length: number): string {
    if (length < shortBytes && (this.#isAscii ??= isAscii(this.bytes))) {
      let at = start - this.#windowStart;
      if (at < 0 || at + length > this.#window.length) {
        this.#window = this.bytes.toString('latin1', start, start + windowBytes);
        this.#windowStart = start;
        at = 0;
      }
      return this.#window.slice(at, at + length);
    }
    return this.bytes.toString('utf8', start, start + length);
  }

  /** Gives a copy of bytes. */
  copy(start: number, length: number): Buffer {
    return Buffer.from(this.bytes.subarray(start, start + length));
  }
}
