import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { unescapeText } from '../escapes.ts';

/** Reads the text of an array, a tuple or a map. */
export class TextSource {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Takes one character. @throws FORMAT_INVALID if it is another */
  expect(character: string): void {
    if (this.#text.charAt(this.#position) !== character) this.#fail(`'${character}'`);
    this.#position++;
  }

  expectEnd(): void {
    if (this.#position !== this.#text.length) this.#fail('its end');
  }

  takeNull(): boolean {
    const isNull = this.#text.startsWith('NULL', this.#position);
    if (isNull) this.#position += 4;
    return isNull;
  }

  /** Takes a text in quotes and undoes its escapes. */
  takeQuoted(): string {
    this.expect("'");
    const start = this.#position;
    let hasEscapes = false;
    for (;;) {
      const character = this.#text.charAt(this.#position);
      if (character === '') this.#fail('a quote');
      if (character === "'") break;
      if (character === '\\') {
        hasEscapes = true;
        this.#position++;
      }
      this.#position++;
    }
    const text = this.#text.slice(start, this.#position);
    this.#position++;
    return hasEscapes ? unescapeText(text) : text;
  }

  /** Takes what stands before the next mark. */
  takeWord(): string {
    const start = this.#position;
    while (this.#position < this.#text.length && !',:)]}'.includes(this.#text.charAt(this.#position))) this.#position++;
    return this.#text.slice(start, this.#position);
  }

  /** Takes what stands between two marks, separated by commas. */
  takeList(opening: string, closing: string, takeItem: () => void): void {
    this.expect(opening);
    if (this.#text.charAt(this.#position) !== closing) {
      for (;;) {
        takeItem();
        if (this.#text.charAt(this.#position) !== ',') break;
        this.#position++;
      }
    }
    this.expect(closing);
  }

  #fail(expected: string): never {
    const shown = this.#text.length > 60 ? `${this.#text.slice(0, 60)}…` : this.#text;
    throw new EmbedhouseError(
      'FORMAT_INVALID',
      `expected ${expected} at character ${this.#position + 1} of '${shown}': the definition's types and its command differ`,
    );
  }
}
