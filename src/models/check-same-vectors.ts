import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { openImageTower } from './image-tower.ts';
import { imageSpecOf, type ModelFolder, textSpecOf, type Tower } from './model-folder.ts';
import { openTextTower } from './text-tower.ts';
import type { Dtype } from './dtype.ts';

/** Far over the rounding of 32-bit sums, far under what an error in a graph does. */
const maxRelativeDifference = 1e-3;

/**
 * Checks on a few inputs that a prepared graph gives the vectors of the graph in the model's folder.
 *
 * @throws MODEL_INVALID if it does not
 */
export async function checkSameVectors(
  folder: ModelFolder,
  tower: Tower,
  dtype: Dtype,
  preparedGraph: string,
): Promise<void> {
  const expected = await probe(folder, tower, dtype, undefined);
  const actual = await probe(folder, tower, dtype, preparedGraph);
  const scale = expected.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 0);
  const differs = expected.some((value, index) => {
    const difference = Math.abs(value - (actual[index] ?? Number.NaN));
    // NaN on both sides is a model's own trouble.
    return !(difference <= maxRelativeDifference * scale || Number.isNaN(value));
  });
  if (differs) {
    throw new EmbedhouseError(
      'MODEL_INVALID',
      `the prepared ${tower} tower of model '${folder.name}' in ${dtype} computes something else than the published one, which is used as it is`,
    );
  }
}

async function probe(
  folder: ModelFolder,
  tower: Tower,
  dtype: Dtype,
  preparedGraph: string | undefined,
): Promise<Float32Array> {
  const options = { dtype, threads: 1, preparedGraph };
  if (tower === 'text') {
    await using text = await openTextTower(folder, options);
    // Rows of different lengths; the greatest id of a row, which is pooled, stands in the middle of the second.
    const { padding, maxTokens } = textSpecOf(folder);
    const rows = [
      [1, 5, 2, 9],
      [1, 7, 3, 11, 4, 2, 8],
    ];
    return await text.run(padding === 'always' ? rows.map((ids) => padTo(ids, maxTokens)) : rows);
  }
  const { size } = imageSpecOf(folder);
  await using image = await openImageTower(folder, options);
  return await image.run(
    [0, 1].map((row) => Uint8Array.from({ length: size * size * 3 }, (_, at) => (at * (7 + row)) % 256)),
  );
}

function padTo(ids: readonly number[], length: number): number[] {
  return [...ids, ...Array.from({ length: length - ids.length }, () => 1)];
}
