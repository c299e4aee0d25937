import { createRequire } from 'node:module';

import { createRandom, drawEntry, drawNormal, type Random } from '../random.ts';
import type { Tokenize } from './tokenize.ts';

/** A text with its token ids, start and end of text included. */
export interface Caption {
  readonly text: string;
  readonly ids: readonly number[];
}

interface Word {
  readonly text: string;
  readonly tokens: number;
}

interface EmojibaseEntry {
  readonly label: string;
  readonly tags?: readonly string[];
}

// LAION's captions in CLIP's tokens: median 11, mean 11.7, longest 33, each with start and end of text.
const medianTokens = 9;
const spread = 0.39;
const mostTokens = 31;
const specialTokens = 2;

/**
 * Composes captions of LAION-like lengths (log-normal, median 11 tokens) from emoji names and tags; no two are equal,
 * over all that one writer composes.
 */
export class CaptionWriter {
  readonly #random: Random;
  readonly #tokenize: Tokenize;
  readonly #wordsUpTo: readonly (readonly Word[])[];
  readonly #written = new Set<string>();

  constructor(tokenize: Tokenize, seed = 1) {
    this.#random = createRandom(seed);
    this.#tokenize = tokenize;
    const words = listWords().map((text) => ({ text, tokens: tokenize(text).length - specialTokens }));
    this.#wordsUpTo = Array.from({ length: mostTokens + 1 }, (_, most) => words.filter(({ tokens }) => tokens <= most));
  }

  /** `count` captions; each `longEvery`-th is of 34 to 77 tokens. */
  write(count: number, { longEvery = Infinity }: { longEvery?: number } = {}): Caption[] {
    return Array.from({ length: count }, (_, index) => {
      const isLong = (index + 1) % longEvery === 0;
      return this.#writeNew(isLong ? () => 32 + Math.floor(this.#random() * 44) : () => this.#drawLength());
    });
  }

  #drawLength(): number {
    const length = Math.round(medianTokens * Math.exp(spread * drawNormal(this.#random)));
    return Math.min(Math.max(length, 2), mostTokens);
  }

  #writeNew(drawLength: () => number): Caption {
    for (;;) {
      const text = this.#compose(drawLength());
      if (this.#written.has(text)) continue;
      this.#written.add(text);
      return { text, ids: this.#tokenize(text) };
    }
  }

  /** Words that have `tokens` tokens together. */
  #compose(tokens: number): string {
    const words: string[] = [];
    for (let left = tokens; left > 0;) {
      const word = drawEntry(this.#random, this.#wordsUpTo[Math.min(left, mostTokens)] ?? []);
      words.push(word.text);
      left -= word.tokens;
    }
    return words.join(' ');
  }
}

function listWords(): string[] {
  // The package ships this JSON with exactly these fields (emojibase-data/en/data.json).
  const entries = createRequire(import.meta.url)('emojibase-data/en/data.json') as readonly EmojibaseEntry[];
  const words = entries.flatMap(({ label, tags = [] }) => [label, ...tags].join(' ').toLowerCase().split(/\s+/));
  return [...new Set(words)].filter((word) => /^[a-z]+$/.test(word)).toSorted();
}
