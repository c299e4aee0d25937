import type { Pooling } from './text-spec.ts';

/**
 * Makes each row's vector of the vectors of its tokens, shape [rows, length, dimensions]. `lengths` says how many tokens
 * each row has; what is behind them is padding, and does not count. Gives shape [rows, dimensions].
 *
 * @see https://github.com/UKPLab/sentence-transformers/blob/master/sentence_transformers/models/Pooling.py
 */
export function poolTokens(
  tokens: Float32Array,
  lengths: readonly number[],
  dimensions: number,
  pooling: Exclude<Pooling, 'graph'>,
): Float32Array {
  const length = tokens.length / (lengths.length * dimensions);
  const pooled = new Float32Array(lengths.length * dimensions);
  for (const [row, count] of lengths.entries()) {
    const start = row * length * dimensions;
    const vectorOf = (token: number): Float32Array =>
      tokens.subarray(start + token * dimensions, start + (token + 1) * dimensions);
    const target = pooled.subarray(row * dimensions, (row + 1) * dimensions);
    if (pooling === 'cls') target.set(vectorOf(0));
    else if (pooling === 'last') target.set(vectorOf(count - 1));
    else if (pooling === 'max') poolMaximum(tokens.subarray(start, start + count * dimensions), target);
    else poolMean(tokens.subarray(start, start + count * dimensions), target);
  }
  return pooled;
}

function poolMean(tokens: Float32Array, target: Float32Array): void {
  const count = tokens.length / target.length;
  for (let channel = 0; channel < target.length; channel++) {
    let sum = 0;
    for (let at = channel; at < tokens.length; at += target.length) sum += tokens[at] ?? 0;
    target[channel] = sum / count;
  }
}

function poolMaximum(tokens: Float32Array, target: Float32Array): void {
  target.fill(-Infinity);
  for (let at = 0; at < tokens.length; at++) {
    const channel = at % target.length;
    target[channel] = Math.max(target[channel] ?? 0, tokens[at] ?? 0);
  }
}
