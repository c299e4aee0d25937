/**
 * What embedhouse uses of `@huggingface/tokenizers` 0.2: the package's own types import one another without file
 * extensions, which Node's module resolution does not find.
 */
declare module '@huggingface/tokenizers' {
  export abstract class Normalizer {
    readonly config: Readonly<Record<string, unknown>>;
    constructor(config: Readonly<Record<string, unknown>>);
    abstract normalize(text: string): string;
  }
  export class BertNormalizer extends Normalizer {
    normalize(text: string): string;
  }
  export class LowercaseNormalizer extends Normalizer {
    normalize(text: string): string;
  }
  export class PrecompiledNormalizer extends Normalizer {
    normalize(text: string): string;
  }
  export class SequenceNormalizer extends Normalizer {
    normalizers: (Normalizer | null)[];
    normalize(text: string): string;
  }
  export class Tokenizer {
    normalizer: Normalizer | null;
    constructor(definition: object, config: object);
    encode(text: string, options?: { add_special_tokens?: boolean }): { ids: number[] };
    token_to_id(token: string): number | undefined;
  }
}
