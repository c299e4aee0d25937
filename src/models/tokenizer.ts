import { loadClipTokenizer } from './clip-tokenizer.ts';
import { loadHubTokenizer } from './hub-tokenizer.ts';
import { type ModelFolder, textSpecOf } from './model-folder.ts';

/** Turns texts into token ids. */
export interface Tokenizer {
  /**
   * Gives the ids of a text with the special ids that it begins and ends with, at most `maxTokens` of them: of a longer
   * text the first ones are kept, and the special ids. Never fails; half of a surrogate pair counts as U+FFFD.
   */
  tokenize(text: string): number[];
}

/**
 * Loads the tokenizer of a model folder (`tokenizer.json`, `tokenizer_config.json`).
 *
 * @throws MODEL_INVALID when a file is missing or wrong, or the model embeds no texts.
 */
export async function loadTokenizer(folder: ModelFolder): Promise<Tokenizer> {
  return textSpecOf(folder).tokenizer === 'clip' ? loadClipTokenizer(folder) : loadHubTokenizer(folder);
}
