/** Gives each vector of a row-major list the length 1, in place; a vector of zeros stays one. */
export function normalizeVectors(vectors: Float32Array, dimensions: number): Float32Array {
  for (let start = 0; start < vectors.length; start += dimensions) {
    const vector = vectors.subarray(start, start + dimensions);
    let squares = 0;
    for (const value of vector) squares += value * value;
    if (squares === 0) continue;
    const length = Math.sqrt(squares);
    for (let index = 0; index < dimensions; index++) vector[index] = (vector[index] ?? 0) / length;
  }
  return vectors;
}
