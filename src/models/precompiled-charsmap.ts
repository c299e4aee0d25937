/**
 * The normalisation that a SentencePiece model brings along: a trie from the UTF-8 bytes of characters to what stands for
 * them. Which pieces of a text are looked up, and that the shortest key found counts, is as Hugging Face's `tokenizers`
 * does it.
 *
 * @see https://github.com/google/sentencepiece/blob/master/src/normalizer.cc
 * @see https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/normalizers/precompiled.rs
 */
export class PrecompiledCharsmap {
  readonly #trie: Uint32Array;
  readonly #replacements: Buffer;
  readonly #known = new Map<string, string | undefined>();
  readonly #segmenter = new Intl.Segmenter();

  /**
   * `charsmap` is the length of the trie in bytes (uint32), the trie's units (uint32 each), and the replacements, each
   * ended by a zero byte; all of it in little-endian order.
   *
   * @throws RangeError when it is shorter than it says.
   */
  constructor(charsmap: Buffer) {
    const trieBytes = charsmap.readUInt32LE();
    const units = Array.from({ length: trieBytes / 4 }, (_, unit) => charsmap.readUInt32LE(4 + 4 * unit));
    this.#trie = Uint32Array.from(units);
    this.#replacements = charsmap.subarray(4 + trieBytes);
  }

  /** Replaces what the map has a replacement for. */
  normalize(text: string): string {
    let normalized = '';
    for (const grapheme of this.#graphemes(text)) {
      normalized += this.#known.get(grapheme) ?? this.#normalizeGrapheme(grapheme);
    }
    return normalized;
  }

  #graphemes(text: string): Iterable<string> {
    // In ASCII all but CR LF are one character each; the segmenter takes twenty times as long.
    // oxlint-disable-next-line no-control-regex -- these are meant
    if (/^[\x00-\x0c\x0e-\x7f]*$/.test(text)) return text;
    return Array.from(this.#segmenter.segment(text), ({ segment }) => segment);
  }

  #normalizeGrapheme(grapheme: string): string {
    // Keys of over five bytes are looked up character by character.
    const isShort = Buffer.byteLength(grapheme) < 6;
    const whole = isShort ? this.#lookUp(grapheme) : undefined;
    const normalized = whole ?? Array.from(grapheme, (character) => this.#lookUp(character) ?? character).join('');
    // A text of many scripts has some thousand; more are those of somebody who plays.
    if (isShort && this.#known.size < 100_000) this.#known.set(grapheme, normalized);
    return normalized;
  }

  /** Gives the replacement of the shortest key that the bytes begin with. */
  #lookUp(characters: string): string | undefined {
    let node = offsetOf(this.#trie[0] ?? 0);
    for (const byte of Buffer.from(characters)) {
      node ^= byte;
      const unit = this.#trie[node] ?? 0;
      if (byte === 0 || labelOf(unit) !== byte) return undefined;
      node ^= offsetOf(unit);
      if (hasValue(unit)) return this.#replacementAt((this.#trie[node] ?? 0) & 0x7fff_ffff);
    }
    return undefined;
  }

  #replacementAt(start: number): string {
    return this.#replacements.toString('utf8', start, this.#replacements.indexOf(0, start));
  }
}

// Units of a double-array trie as darts-clone packs them.
function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function labelOf(unit: number): number {
  return (unit & 0x8000_00ff) >>> 0;
}

function hasValue(unit: number): boolean {
  return (unit & 0x100) !== 0;
}
