import { join } from 'node:path';
import { z } from 'zod';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { BytePairEncoder, endOfWord } from './byte-pair-encoder.ts';
import type { ModelFolder } from './model-folder.ts';
import { readJsonFile } from './read-json-file.ts';

/** What a model folder says about its tokenizer. */
export interface ClipVocabulary {
  encoder: BytePairEncoder;
  /** The id of each symbol, special tokens included. */
  ids: ReadonlyMap<string, number>;
  /** The id that every text begins with. */
  bosId: number;
  /** The id that every text ends with. */
  eosId: number;
}

// How the hub's CLIP files cut a text into words; some have the special tokens before it.
const clipPattern = String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;
const onlyClip = { error: 'only the layout of CLIP models is known' };

const tokenName = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
const id = z.int().nonnegative();
const configSchema = z.looseObject({
  bos_token: tokenName.default('<|startoftext|>'),
  eos_token: tokenName.default('<|endoftext|>'),
});
const mergeSchema = z.union([
  z.string().transform((merge, context): [string, string] => {
    const [left, right, ...rest] = merge.split(' ');
    if (left !== undefined && right !== undefined && rest.length === 0) return [left, right];
    context.addIssue(`'${merge}' is not two symbols`);
    return z.NEVER;
  }),
  z.tuple([z.string(), z.string()]),
]);
const tokenizerSchema = z.object({
  model: z.object({
    type: z.literal('BPE', onlyClip).default('BPE'),
    vocab: z.record(z.string(), id),
    merges: z.array(mergeSchema),
    end_of_word_suffix: z.literal(endOfWord, onlyClip),
  }),
  normalizer: z.object(
    {
      normalizers: z
        .array(z.object({ type: z.string() }))
        .refine((steps) => steps.some(({ type }) => type === 'Lowercase'), onlyClip),
    },
    onlyClip,
  ),
  pre_tokenizer: z.object(
    {
      pretokenizers: z.tuple(
        [
          z.object({
            type: z.literal('Split'),
            pattern: z.object({ Regex: z.string().endsWith(clipPattern, onlyClip) }),
          }),
          z.object({ type: z.literal('ByteLevel') }),
        ],
        onlyClip,
      ),
    },
    onlyClip,
  ),
  added_tokens: z.array(z.object({ id, content: z.string() })).default([]),
});

/**
 * Reads `tokenizer.json` and `tokenizer_config.json` of a model folder.
 *
 * @throws MODEL_INVALID when a file is missing or wrong, is not laid out as CLIP's, or lacks a symbol that it needs.
 */
export async function readClipVocabulary(folder: ModelFolder): Promise<ClipVocabulary> {
  const definition = await readJsonFile(folder.path, 'tokenizer.json', tokenizerSchema);
  const config = await readJsonFile(folder.path, 'tokenizer_config.json', configSchema);
  const ids = new Map(Object.entries(definition.model.vocab));
  for (const token of definition.added_tokens) ids.set(token.content, token.id);
  const bosId = findToken(folder, ids, config.bos_token);
  const eosId = findToken(folder, ids, config.eos_token);
  return { encoder: createEncoder(folder, ids, definition.model.merges), ids, bosId, eosId };
}

function createEncoder(
  folder: ModelFolder,
  vocabulary: ReadonlyMap<string, number>,
  merges: readonly [string, string][],
): BytePairEncoder {
  try {
    return new BytePairEncoder({ vocabulary, merges });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new EmbedhouseError(
      'MODEL_INVALID',
      `${join(folder.path, 'tokenizer.json')} is not a whole byte pair encoding (${cause.message}); copy the file again from where the model came from`,
      { cause },
    );
  }
}

function findToken(folder: ModelFolder, ids: ReadonlyMap<string, number>, content: string): number {
  const found = ids.get(content);
  if (found !== undefined) return found;
  throw new EmbedhouseError(
    'MODEL_INVALID',
    `${join(folder.path, 'tokenizer.json')} has no token '${content}', which every text begins or ends with; copy the file again from where the model came from`,
  );
}
