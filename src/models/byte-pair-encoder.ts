/** A learned byte pair encoding, as `tokenizer.json` states it. */
export interface BytePairs {
  /** The id of each symbol. */
  vocabulary: ReadonlyMap<string, number>;
  /** Pairs of symbols that become one, those to be joined first at the beginning. */
  merges: readonly (readonly [string, string])[];
}

/** What the last symbol of a word ends with. */
export const endOfWord = '</w>';

interface Merge {
  readonly left: number;
  readonly right: number;
  /** What the two become. */
  readonly id: number;
}

/**
 * Splits words into the symbols of a byte-level byte pair encoding as GPT-2 and CLIP define it: of all pairs of
 * neighbours the one learned first is joined wherever it stands, until none is left that was learned.
 *
 * @see https://github.com/openai/CLIP/blob/main/clip/simple_tokenizer.py
 */
export class BytePairEncoder {
  readonly #innerIds: readonly number[];
  readonly #lastIds: readonly number[];
  readonly #ranks = new Map<number, number>();
  readonly #merges: Merge[] = [];
  readonly #idCount: number;

  /** @throws RangeError naming the first symbol that the vocabulary lacks. */
  constructor({ vocabulary, merges }: BytePairs) {
    const idOf = (symbol: string): number => {
      const id = vocabulary.get(symbol);
      if (id === undefined) throw new RangeError(`the vocabulary lacks '${symbol}'`);
      return id;
    };
    this.#innerIds = byteLetters().map(idOf);
    this.#lastIds = byteLetters().map((letter) => idOf(letter + endOfWord));
    this.#idCount = Math.max(...vocabulary.values()) + 1;
    for (const [index, [left, right]] of merges.entries()) {
      const merge = { left: idOf(left), right: idOf(right), id: idOf(left + right) };
      this.#merges.push(merge);
      this.#ranks.set(this.#pair(merge.left, merge.right), index);
    }
  }

  /** Gives the ids of one word's UTF-8 bytes. The time grows with the square of the length in the worst case. */
  encode(word: Uint8Array): number[] {
    const ids: number[] = [];
    // Both tables have all 256 bytes.
    for (const byte of word) ids.push((ids.length < word.length - 1 ? this.#innerIds : this.#lastIds)[byte] ?? 0);
    for (;;) {
      const merge = this.#firstLearned(ids);
      if (merge === undefined) return ids;
      join(ids, merge);
    }
  }

  #firstLearned(ids: readonly number[]): Merge | undefined {
    let first = Infinity;
    for (let index = 1; index < ids.length; index++) {
      const rank = this.#ranks.get(this.#pair(ids[index - 1] ?? 0, ids[index] ?? 0));
      if (rank !== undefined && rank < first) first = rank;
    }
    return this.#merges[first];
  }

  #pair(left: number, right: number): number {
    return left * this.#idCount + right;
  }
}

/** Joins a pair of symbols wherever it stands, from left to right. */
function join(ids: number[], { left, right, id }: Merge): void {
  let length = 0;
  for (let index = 0; index < ids.length; index++) {
    const symbol = ids[index] ?? 0;
    const isPair = symbol === left && ids[index + 1] === right;
    ids[length++] = isPair ? id : symbol;
    if (isPair) index++;
  }
  ids.length = length;
}

/** Gives the printable character that stands for each byte: visible ones for themselves, the others from U+0100 on. */
function byteLetters(): string[] {
  let others = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isVisible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCodePoint(isVisible ? byte : others++);
  });
}
