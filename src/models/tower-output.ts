import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { ModelFolder, Tower } from './model-folder.ts';
import type { Pooling } from './text-spec.ts';

/** An input or output of a graph. */
interface NamedValue {
  readonly name: string;
  readonly type: string;
}

/** What is made of a graph's output: it is the vectors, or holds one for each token of which they are pooled. */
export interface TowerOutput {
  readonly name: string;
  readonly holds: 'vectors' | 'tokens';
}

/**
 * Image encoders whose first token stands for the image. What else pools it was not trained in many of them, and is random.
 */
const withClassToken = new Set(['deit', 'dinov2', 'dinov2_with_registers', 'dinov3_vit', 'vit', 'vit_msn']);

/**
 * Chooses the output of a graph that a tower's vectors are made of, by the names that exporters give.
 *
 * @throws MODEL_INVALID naming the outputs that the graph has instead.
 */
export function chooseOutput(
  { kind, architecture, text }: Pick<ModelFolder, 'kind' | 'architecture' | 'text'>,
  tower: Tower,
  path: string,
  outputs: readonly NamedValue[],
): TowerOutput {
  const wanted = outputNames(kind, architecture, tower, text?.pooling);
  for (const output of wanted) {
    if (outputs.some(({ name }) => name === output.name)) return output;
  }
  const names = wanted.map(({ name }) => name).join(' or ');
  throw new EmbedhouseError(
    'MODEL_INVALID',
    `${path} has no output ${names} but ${describeValues(outputs)}; use an export for ${tower === 'text' ? 'texts' : 'images'} as published for transformers.js, or another dtype`,
  );
}

/** Lists values with their types for a message. */
export function describeValues(values: readonly NamedValue[]): string {
  return values.map(({ name, type }) => `${name} (${type})`).join(', ');
}

function outputNames(
  kind: ModelFolder['kind'],
  architecture: string,
  tower: Tower,
  pooling: Pooling | undefined,
): TowerOutput[] {
  const vectors = (name: string): TowerOutput => ({ name, holds: 'vectors' });
  const tokens = (name: string): TowerOutput => ({ name, holds: 'tokens' });
  if (kind === 'text') {
    // A graph that pools by itself was exported by sentence-transformers with all of its modules.
    const pooled = vectors('sentence_embedding');
    return pooling === 'graph' ? [pooled] : [pooled, tokens('last_hidden_state'), tokens('token_embeddings')];
  }
  if (kind === 'image') {
    const classToken = withClassToken.has(architecture) ? [tokens('last_hidden_state')] : [];
    return [vectors('image_embeds'), ...classToken, vectors('pooler_output')];
  }
  const embeds = vectors(tower === 'text' ? 'text_embeds' : 'image_embeds');
  // In files of their own the towers of a SigLIP have the names of plain encoders.
  return kind === 'siglip' ? [embeds, vectors('pooler_output')] : [embeds];
}
