import { z } from 'zod';

import { readJsonFile } from '../read-json-file.ts';
import type { TextSpec } from '../text-spec.ts';
import { invalidField } from './invalid-field.ts';
import { readSentenceModules } from './read-sentence-modules.ts';

const positive = z.number().int().positive();

const configSchema = z.object({
  model_type: z.string(),
  hidden_size: positive.optional(),
  // DistilBERT's and T5's names of the same.
  dim: positive.optional(),
  d_model: positive.optional(),
  // GPT-2's, which others took over.
  n_embd: positive.optional(),
  max_position_embeddings: positive.optional(),
  n_positions: positive.optional(),
});

const tokenizerConfigSchema = z.object({ model_max_length: z.number().positive().nullish() });

/** The first two positions of these count from the padding id, and no token is at them. */
const offsetPositions = new Set(['roberta', 'xlm-roberta', 'camembert', 'mpnet', 'xlm-roberta-xl']);

/** Causal language models: only their last token has seen the whole text. */
const decoders = /^(?:gemma|gpt|llama|mistral|phi|qwen)/;

/**
 * Attention takes memory by the square of a text's length: at so many tokens, up to half a gigabyte in models of usual
 * width. What is longer is cut, also where the model would read on.
 */
const maxTokensOfAny = 2048;

/**
 * Describes a sentence encoder (BERT and its like, decoders with a pooling) by `config.json`, `tokenizer_config.json` and
 * the files of sentence-transformers. Without those a decoder is pooled at its last token, as such models are trained, and
 * others by the mean, as sentence-transformers does.
 *
 * @throws MODEL_INVALID naming file and field.
 */
export async function describeTextEncoder(
  folderPath: string,
  files: ReadonlySet<string>,
): Promise<{ dimensions: number; text: TextSpec }> {
  const config = await readJsonFile(folderPath, 'config.json', configSchema);
  const dimensions = config.hidden_size ?? config.dim ?? config.d_model ?? config.n_embd;
  if (dimensions === undefined) {
    throw invalidField(
      folderPath,
      'config.json',
      `none of the fields hidden_size, dim, d_model and n_embd says how long a vector of '${config.model_type}' is; choose another model`,
    );
  }
  const { model_max_length: tokenizerTokens } = await readJsonFile(
    folderPath,
    'tokenizer_config.json',
    tokenizerConfigSchema,
  );
  const modules = await readSentenceModules(folderPath, files);
  const positions = config.max_position_embeddings ?? config.n_positions ?? Infinity;
  const readable = offsetPositions.has(config.model_type) ? positions - 2 : positions;
  const usualPooling = decoders.test(config.model_type) ? 'last' : 'mean';
  const { pooling = usualPooling, poolingFile, normalize, lowerCase, prompts, defaultPrompt } = modules;
  return {
    dimensions,
    text: {
      maxTokens: Math.min(modules.maxTokens ?? tokenizerTokens ?? Infinity, readable, maxTokensOfAny),
      tokenizer: 'hub',
      padding: 'none',
      pooling,
      poolingFile,
      normalize,
      lowerCase,
      prompts,
      defaultPrompt,
    },
  };
}
