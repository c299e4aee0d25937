import { type Agreement, measureAgreement } from './agreement.ts';
import { drawPicture, sampleDrawings, sampleTexts } from './agreement-sample.ts';
import { openImageTower } from './image-tower.ts';
import { imageSpecOf, type ModelFolder } from './model-folder.ts';
import { prepareImage } from './prepare-image.ts';
import { openTextTower } from './text-tower.ts';
import { loadTokenizer } from './tokenizer.ts';

export interface CompareOptions {
  /** How many texts or images to compare; at least 20 are, since fewer say nothing. */
  readonly count: number;
  /** Threads that one run of a model may use. */
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Called with the rows done, of so many. */
  readonly onProgress: (done: number, total: number) => void;
}

/** A tower that embeds rows, in either variant. */
interface Tower<Row> extends AsyncDisposable {
  run(rows: readonly Row[]): Promise<Float32Array>;
}

const dtype = 'fp32';
const maxBatchTokens = 256;
const imagesPerRun = 4;
const minCount = 20;
// The pictures are our own, and small.
const imageLimits = { maxBytes: 1 << 20, maxPixels: 1 << 20 };

/**
 * Embeds the same texts with the fp32 files of two model folders and compares the vectors.
 *
 * @throws the signal's reason when that stops it.
 */
export async function compareTexts(
  reference: ModelFolder,
  variant: ModelFolder,
  options: CompareOptions,
): Promise<Agreement> {
  const tokenizer = await loadTokenizer(reference);
  const rows = sampleTexts(Math.max(minCount, options.count))
    .map((text) => tokenizer.tokenize(text))
    .toSorted((a, b) => a.length - b.length);
  await using left = await openTextTower(reference, { dtype, threads: options.threads });
  await using right = await openTextTower(variant, { dtype, threads: options.threads });
  const batches: (readonly number[])[][] = [];
  for (const row of rows) {
    const batch = batches.at(-1);
    if (batch === undefined || (batch.length + 1) * row.length > maxBatchTokens) batches.push([row]);
    else batch.push(row);
  }
  return await compare(left, right, batches, async (batch) => batch, { ...options, dimensions: reference.dimensions });
}

/**
 * Embeds the same pictures with the fp32 files of two model folders and compares the vectors.
 *
 * @throws the signal's reason when that stops it.
 */
export async function compareImages(
  reference: ModelFolder,
  variant: ModelFolder,
  options: CompareOptions,
): Promise<Agreement> {
  await using left = await openImageTower(reference, { dtype, threads: options.threads });
  await using right = await openImageTower(variant, { dtype, threads: options.threads });
  const spec = imageSpecOf(reference);
  const drawings = [...sampleDrawings(Math.max(minCount, options.count)).entries()];
  const batches: (typeof drawings)[] = [];
  for (let start = 0; start < drawings.length; start += imagesPerRun) {
    batches.push(drawings.slice(start, start + imagesPerRun));
  }
  const prepare = (batch: readonly (typeof drawings)[number][]): Promise<Uint8Array[]> =>
    Promise.all(batch.map(async ([index, path]) => prepareImage(await drawPicture(path, index), spec, imageLimits)));
  return await compare(left, right, batches, prepare, { ...options, dimensions: reference.dimensions });
}

async function compare<Item, Row>(
  left: Tower<Row>,
  right: Tower<Row>,
  batches: readonly (readonly Item[])[],
  prepare: (batch: readonly Item[]) => Promise<readonly Row[]>,
  { dimensions, signal, onProgress }: CompareOptions & { readonly dimensions: number },
): Promise<Agreement> {
  const total = batches.reduce((sum, batch) => sum + batch.length, 0);
  const vectors = { left: new Float32Array(total * dimensions), right: new Float32Array(total * dimensions) };
  let done = 0;
  for (const batch of batches) {
    signal.throwIfAborted();
    const rows = await prepare(batch);
    vectors.left.set(await left.run(rows), done * dimensions);
    vectors.right.set(await right.run(rows), done * dimensions);
    done += batch.length;
    onProgress(done, total);
  }
  return measureAgreement(vectors.left, vectors.right, { dimensions, signal });
}
