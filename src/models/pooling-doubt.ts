import type { ModelFolder } from './model-folder.ts';

/**
 * Says in a sentence that a sentence encoder's pooling is a guess, where its folder does not say how: conversions often
 * lack the files of sentence-transformers. Undefined where there is no doubt.
 */
export function poolingDoubt({ name, kind, text, source, path }: ModelFolder): string | undefined {
  if (kind !== 'text' || text === undefined || text.poolingFile !== undefined || text.pooling === 'graph') {
    return undefined;
  }
  const guess = text.pooling === 'last' ? 'the last token counts' : 'their mean is taken';
  return `The folder of '${name}' does not say how the vectors of tokens are pooled: ${guess}, unless the graph does it. If the original model (${source}) pools otherwise, copy its modules.json, 1_Pooling/config.json and sentence_bert_config.json to ${path}.`;
}
