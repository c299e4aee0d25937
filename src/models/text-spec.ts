/** How the vectors of a text's tokens become the text's vector; `graph`: the graph answers that itself. */
export type Pooling = 'graph' | 'mean' | 'cls' | 'last' | 'max';

/** What a model's text tower expects, and what makes its answer a vector. */
export interface TextSpec {
  /** The most token ids a text may have, special ones included. */
  readonly maxTokens: number;
  /** Whose rules make token ids of a text: CLIP's, or whatever `tokenizer.json` says. */
  readonly tokenizer: 'clip' | 'hub';
  /**
   * `after-end`: the tower is causal and pools where the text ends, so that texts of several lengths share a run and
   * nothing behind an end counts. `none`: tokens attend to all others, and texts share a run with others of their
   * length only, so that no padding changes the rounding of a vector. `always`: each text is padded to `maxTokens`.
   */
  readonly padding: 'after-end' | 'none' | 'always';
  readonly pooling: Pooling;
  /** The file that says so, relative to the model folder; undefined where none does, and it is what is usual. */
  readonly poolingFile: string | undefined;
  /** Whether the model's last step is to give each vector the length 1. */
  readonly normalize: boolean;
  /** Whether texts become lower-case before they are tokenised. */
  readonly lowerCase: boolean;
  /** What the model wants before a text, by the name of its purpose. */
  readonly prompts: Readonly<Record<string, string>>;
  /** The prompt of a call that names none; undefined: no prompt. */
  readonly defaultPrompt: string | undefined;
}
