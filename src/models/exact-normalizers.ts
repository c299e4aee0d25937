import {
  BertNormalizer,
  LowercaseNormalizer,
  Normalizer,
  PrecompiledNormalizer,
  SequenceNormalizer,
  type Tokenizer,
} from '@huggingface/tokenizers';

import { PrecompiledCharsmap } from './precompiled-charsmap.ts';

/**
 * Puts exact steps in place of those in which the JavaScript library's normalisation differs from Hugging Face's
 * `tokenizers`: it imitates SentencePiece's maps instead of reading them, and makes a last capital sigma of a word the
 * final small one.
 *
 * @throws RangeError when a map is shorter than it says.
 */
export function useExactNormalizers(tokenizer: Tokenizer): void {
  tokenizer.normalizer = exact(tokenizer.normalizer);
}

function exact(normalizer: Normalizer | null): Normalizer | null {
  if (normalizer instanceof SequenceNormalizer) {
    normalizer.normalizers = normalizer.normalizers.map(exact);
  } else if (normalizer instanceof PrecompiledNormalizer) {
    return new CharsmapNormalizer(normalizer);
  } else if (normalizer instanceof LowercaseNormalizer || normalizer instanceof BertNormalizer) {
    return new PlainSigmaNormalizer(normalizer);
  }
  return normalizer;
}

class CharsmapNormalizer extends Normalizer {
  readonly #charsmap: PrecompiledCharsmap | undefined;

  constructor({ config }: PrecompiledNormalizer) {
    super(config);
    const encoded = config['precompiled_charsmap'];
    // Some files have an empty one, which changes nothing.
    this.#charsmap =
      typeof encoded === 'string' && encoded !== ''
        ? new PrecompiledCharsmap(Buffer.from(encoded, 'base64'))
        : undefined;
  }

  override normalize(text: string): string {
    return this.#charsmap?.normalize(text) ?? text;
  }
}

/** Lower-cases character by character: JavaScript looks at what is around a sigma. */
class PlainSigmaNormalizer extends Normalizer {
  readonly #lowerCasing: Normalizer;

  constructor(lowerCasing: Normalizer) {
    super(lowerCasing.config);
    this.#lowerCasing = lowerCasing;
  }

  override normalize(text: string): string {
    const lowers = !(this.#lowerCasing instanceof BertNormalizer) || this.#lowerCasing.config['lowercase'] !== false;
    return this.#lowerCasing.normalize(lowers ? text.replaceAll('Σ', 'σ') : text);
  }
}
