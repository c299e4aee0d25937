import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { join } from 'node:path';
import { z } from 'zod';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { cleanText } from './clean-text.ts';
import type { ModelFolder } from './model-folder.ts';
import { readJsonFile } from './read-json-file.ts';

/** Turns texts into token ids by CLIP's rules. */
export interface Tokenizer {
  /**
   * Gives the ids of a text, the first-of-text and end-of-text ids included and no padding: 2 to `maxTokens` of them.
   * A longer text keeps its first ids, and the last one kept is replaced by end-of-text, as the reference does with
   * `truncate=True`. `<|endoftext|>` inside a text is that token, so what follows it does not count; the
   * reference agrees, except right behind a symbol, where it reads the signs one by one.
   */
  tokenize(text: string): number[];
}

const tokenName = z.union([z.string(), z.object({ content: z.string() })]);
const tokenizerConfigSchema = z.looseObject({
  bos_token: tokenName.default('<|startoftext|>'),
  eos_token: tokenName.default('<|endoftext|>'),
});
const tokenizerSchema = z.looseObject({
  model: z.looseObject({ type: z.literal('BPE').default('BPE'), vocab: z.record(z.string(), z.number()) }),
});

/**
 * Loads the tokenizer of a model folder (`tokenizer.json`, `tokenizer_config.json`).
 *
 * @throws MODEL_INVALID when a file is missing or wrong, or lacks the first-of-text or end-of-text token.
 */
export async function loadTokenizer(folder: ModelFolder): Promise<Tokenizer> {
  const definition = await readJsonFile(folder.path, 'tokenizer.json', tokenizerSchema);
  const config = await readJsonFile(folder.path, 'tokenizer_config.json', tokenizerConfigSchema);
  const hubTokenizer = createHubTokenizer(folder, definition, config);
  const bosId = findToken(folder, hubTokenizer, config.bos_token);
  const eosId = findToken(folder, hubTokenizer, config.eos_token);
  const keptIds = folder.maxTokens - 2;
  const longestToken = Math.max(...Object.keys(definition.model.vocab).map((token) => token.length));
  return {
    tokenize(text) {
      const beginning = cutText(cleanText(text), keptIds, 2 * keptIds * longestToken);
      // First and end-of-text are added here, not by tokenizer.json, whose truncation would cut end-of-text off.
      const { ids } = hubTokenizer.encode(beginning, { add_special_tokens: false });
      return [bosId, ...ids.slice(0, keptIds), eosId];
    },
  };
}

/**
 * Cuts off what cannot reach the ids that are kept, so that a megabyte costs no more than a page: each word gives at
 * least one id, and the ids kept cover at most half of `maxLetters`.
 */
function cutText(text: string, maxWords: number, maxLetters: number): string {
  let end = -1;
  for (let words = 0; words < maxWords; words++) {
    end = text.indexOf(' ', end + 1);
    if (end === -1 || end >= maxLetters) return text.slice(0, maxLetters);
  }
  return text.slice(0, end);
}

function createHubTokenizer(folder: ModelFolder, definition: object, config: object): HubTokenizer {
  try {
    return new HubTokenizer(definition, config);
  } catch (cause) {
    throw new EmbedhouseError(
      'MODEL_INVALID',
      `${join(folder.path, 'tokenizer.json')} cannot be loaded (${cause instanceof Error ? cause.message : String(cause)}); copy the file again from where the model came from`,
      { cause },
    );
  }
}

function findToken(folder: ModelFolder, tokenizer: HubTokenizer, name: z.infer<typeof tokenName>): number {
  const content = typeof name === 'string' ? name : name.content;
  const id = tokenizer.token_to_id(content);
  if (id !== undefined) return id;
  throw new EmbedhouseError(
    'MODEL_INVALID',
    `${join(folder.path, 'tokenizer.json')} has no token '${content}', which every text begins or ends with; copy the file again from where the model came from`,
  );
}
