/** One vector for each text or image, in their order. */
export interface Embeddings {
  /** Row-major: the vector of row `i` is `vectors.subarray(i * dimensions, (i + 1) * dimensions)`. */
  vectors: Float32Array;
  /** `[rows, dimensions]`; of an empty list `[0, 0]`, as no model was asked. */
  shape: [rows: number, dimensions: number];
}

/** Puts rows of several embeddings back to their places: row `i` of `parts[p]` becomes row `parts[p].positions[i]`. */
export function mergeEmbeddings(
  parts: readonly { embeddings: Embeddings; positions: readonly number[] }[],
): Embeddings {
  const rows = parts.reduce((sum, { positions }) => sum + positions.length, 0);
  const dimensions = Math.max(...parts.map(({ embeddings }) => embeddings.shape[1]));
  const vectors = new Float32Array(rows * dimensions);
  for (const { embeddings, positions } of parts) {
    for (const [row, position] of positions.entries()) {
      vectors.set(embeddings.vectors.subarray(row * dimensions, (row + 1) * dimensions), position * dimensions);
    }
  }
  return { vectors, shape: [rows, dimensions] };
}
