import { join } from 'node:path';

import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { useExactNormalizers } from './exact-normalizers.ts';
import { type ModelFolder, textSpecOf } from './model-folder.ts';
import { readJsonFile } from './read-json-file.ts';
import type { Tokenizer } from './tokenizer.ts';

const fileSchema = z.looseObject({ model: z.looseObject({}) });
const tokenName = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
const configSchema = z.looseObject({
  pad_token: tokenName.nullish(),
  padding_side: z.enum(['left', 'right']).nullish(),
});

/** Of a long text so many characters for each token that counts are looked at first. */
const charactersPerToken = 16;

/**
 * Loads the tokenizer that a folder's `tokenizer.json` describes, as the hub's own library runs it: word pieces,
 * unigrams, byte pairs.
 *
 * @throws MODEL_INVALID when a file is missing or wrong, or describes what the library does not know.
 */
export async function loadHubTokenizer(folder: ModelFolder): Promise<Tokenizer> {
  const { maxTokens, padding, lowerCase } = textSpecOf(folder);
  const definition = await readJsonFile(folder.path, 'tokenizer.json', fileSchema);
  const config = await readJsonFile(folder.path, 'tokenizer_config.json', configSchema);
  const tokenizer = create(folder, definition, config);
  const special = findSpecialIds(tokenizer);
  const keptIds = maxTokens - special.before.length - special.after.length;
  const padId = padding === 'always' ? findPadId(folder, tokenizer, config.pad_token) : undefined;
  return {
    tokenize(text) {
      const ids = encodeStart(tokenizer, lowerCase ? text.toLowerCase() : text, keptIds);
      const whole = [...special.before, ...ids.slice(0, keptIds), ...special.after];
      // Never none: an empty text of a tokenizer without special ids is one padding, or whatever has the first id.
      if (padId === undefined) return whole.length > 0 ? whole : [0];
      const padding = Array.from({ length: maxTokens - whole.length }, () => padId);
      return config.padding_side === 'left' ? [...padding, ...whole] : [...whole, ...padding];
    },
  };
}

function create(folder: ModelFolder, definition: object, config: object): HubTokenizer {
  try {
    const tokenizer = new HubTokenizer(definition, config);
    useExactNormalizers(tokenizer);
    return tokenizer;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmbedhouseError(
      'MODEL_INVALID',
      `${join(folder.path, 'tokenizer.json')} describes a tokenizer that is not known (${reason}); choose another model`,
      { cause },
    );
  }
}

/** Encodes as much of a text as decides its first `keptIds` ids, so that a megabyte costs no more than a few pages. */
function encodeStart(tokenizer: HubTokenizer, text: string, keptIds: number): number[] {
  for (let length = charactersPerToken * Math.max(keptIds, 64); ; length *= 8) {
    const { ids } = tokenizer.encode(text.slice(0, length), { add_special_tokens: false });
    // Where a word is cut shows in its last ids only: twice what is kept lies far behind.
    if (length >= text.length || ids.length >= 2 * keptIds) return ids;
  }
}

/** Finds what the tokenizer puts before and behind a text. */
function findSpecialIds(tokenizer: HubTokenizer): { before: number[]; after: number[] } {
  const probe = 'a';
  const { ids } = tokenizer.encode(probe);
  const { ids: inner } = tokenizer.encode(probe, { add_special_tokens: false });
  // A tokenizer that gives nothing for the probe puts all before it.
  const start = ids.findIndex((_, index) => inner.every((id, offset) => ids[index + offset] === id));
  const end = start === -1 ? ids.length : start + inner.length;
  return { before: ids.slice(0, start === -1 ? end : start), after: ids.slice(end) };
}

function findPadId(folder: ModelFolder, tokenizer: HubTokenizer, padToken: string | null | undefined): number {
  const id = padToken ? tokenizer.token_to_id(padToken) : undefined;
  if (id !== undefined) return id;
  throw new EmbedhouseError(
    'MODEL_INVALID',
    `${join(folder.path, 'tokenizer_config.json')}: field pad_token is '${padToken ?? ''}', which tokenizer.json does not have, but texts are padded with it; copy the file again from where the model came from`,
  );
}
