import { loadTokenizer } from '../../src/models/tokenizer.ts';
import { openModelFolder } from '../../src/models/model-folder.ts';
import type { BenchModel } from '../model/full-size-model.ts';

/** Gives the token ids of a text, start and end of text included. */
export type Tokenize = (text: string) => readonly number[];

/** Loads the tokenizer of the benchmark's model, so that all sides compute the same tokens. */
export async function openTokenizer({ modelsPath, name }: BenchModel): Promise<Tokenize> {
  const tokenizer = await loadTokenizer(await openModelFolder(modelsPath, name));
  return (text) => tokenizer.tokenize(text);
}
