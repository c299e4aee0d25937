import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { stoppable } from '../signals/stoppable.ts';
import type { Agreement } from './agreement.ts';
import { compareImages, type CompareOptions, compareTexts } from './compare-variants.ts';
import { createStaging, hashFp32Files, int8RowDataFile, moveIntoPlace } from './int8-row-files.ts';
import { keepTower } from './keep-tower.ts';
import { imageSpecOf, type ModelFolder, towerPath, towersOf } from './model-folder.ts';
import { patchesToProduct } from './onnx-graph/patches-to-product.ts';
import { poolEarly } from './onnx-graph/pool-early.ts';
import { quantizeEmbeddings } from './onnx-graph/quantize-embeddings.ts';
import { quantizeRows } from './onnx-graph/quantize-rows.ts';
import { readOnnx } from './onnx-graph/read-onnx.ts';
import { writeOnnx } from './onnx-graph/write-onnx.ts';
import { towerFile } from './dtype.ts';

/** What is known of the int8-row files of a model: what they were made from, and how well they agree with fp32. */
export interface Int8RowReport {
  readonly texts: Agreement;
  readonly images: Agreement;
  /** The fp32 files, by their names relative to the model folder, each with its SHA-256 in hexadecimal. */
  readonly madeFrom: Readonly<Record<string, string>>;
}

export interface QuantizeProgress {
  readonly step: 'rewrite' | 'compare texts' | 'compare images';
  readonly done: number;
  readonly total: number;
}

export interface QuantizeOptions {
  /** Stops the work; the model folder is then as it was. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: QuantizeProgress) => void;
  /**
   * How many texts and images to compare with fp32, 20 at least; the files are the same whatever is compared.
   * @default 3000 texts and 1000 images, which take a ViT-B/32 two to four minutes on one core
   */
  readonly sample?: { readonly texts: number; readonly images: number };
  /**
   * Threads that one run of a model may use.
   * @default 1
   */
  readonly threads?: number;
}

const towers = ['text', 'vision'] as const;
/** Far below what rounding to 8 bits costs: below it, the rewritten graph is not the same model. */
const minMeanCosine = 0.9;

/**
 * Makes the int8-row variant of a model from its fp32 files: `onnx/text_model_int8_row.onnx` and
 * `onnx/vision_model_int8_row.onnx`, each with its weights in a file beside it, and `onnx/int8_row.json`, the report that
 * is returned. All of it is made in a folder of its own and moved to its place at the end.
 *
 * @throws MODEL_INVALID when the model embeds only texts or only images, has no fp32 files, they are damaged, or the
 *   variant computes something else.
 * @throws FILE_UNUSABLE when the model folder cannot be written.
 * @throws CANCELLED when the signal stops it.
 */
export async function quantizeModel(folder: ModelFolder, options: QuantizeOptions): Promise<Int8RowReport> {
  requireBothTowers(folder);
  for (const tower of towers) towerPath(folder, tower, 'fp32');
  const stopped = `the work on model '${folder.name}' was stopped; its folder is as it was`;
  return stoppable(options.signal, stopped, () => quantize(folder, options));
}

function requireBothTowers(folder: ModelFolder): void {
  const [only, other] = towersOf(folder);
  if (other !== undefined) return;
  throw new EmbedhouseError(
    'MODEL_INVALID',
    `model '${folder.name}' embeds ${only === 'text' ? 'texts' : 'images'} only, and int8-row is made of models for texts and images, such as CLIP; use the files it is published in: ${folder.dtypes.join(', ')}`,
  );
}

async function quantize(folder: ModelFolder, options: QuantizeOptions): Promise<Int8RowReport> {
  const { signal, onProgress, sample = { texts: 3000, images: 1000 }, threads = 1 } = options;
  const staging = await createStaging(folder.path);
  const graphs = [{ dtype: 'fp32', text: towerFile('text', 'fp32'), vision: towerFile('vision', 'fp32') } as const];
  const variant: ModelFolder = { ...folder, path: staging, dtypes: ['fp32'], graphs };
  const compareOptions = (step: QuantizeProgress['step'], count: number): CompareOptions => ({
    count,
    threads,
    signal,
    onProgress: (done, total) => onProgress?.({ step, done, total }),
  });
  try {
    const madeFrom = await hashFp32Files(folder, signal);
    for (const [index, tower] of towers.entries()) {
      onProgress?.({ step: 'rewrite', done: index, total: towers.length });
      await rewriteTower(folder, tower, staging, signal);
    }
    onProgress?.({ step: 'rewrite', done: towers.length, total: towers.length });
    const texts = await compareTexts(folder, variant, compareOptions('compare texts', sample.texts));
    const images = await compareImages(folder, variant, compareOptions('compare images', sample.images));
    checkAgreement(folder, 'text', texts);
    checkAgreement(folder, 'vision', images);
    const report = { texts, images, madeFrom };
    signal.throwIfAborted();
    await moveIntoPlace(folder.path, staging, report);
    return report;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function rewriteTower(
  folder: ModelFolder,
  tower: 'text' | 'vision',
  staging: string,
  signal: AbortSignal,
): Promise<void> {
  const published = await readOnnx(towerPath(folder, tower, 'fp32'));
  const model = poolEarly(keepTower(published, folder, tower, 'fp32'));
  signal.throwIfAborted();
  const prepared = tower === 'vision' ? patchesToProduct(model, imageSpecOf(folder).size) : quantizeEmbeddings(model);
  // In the staging folder the graph has the fp32 file's name, so that it opens as that; the weights have their last one.
  await writeOnnx(join(staging, towerFile(tower, 'fp32')), quantizeRows(prepared), {
    externalData: true,
    dataFile: int8RowDataFile(tower),
    signal,
  });
}

function checkAgreement(folder: ModelFolder, tower: string, { meanCosine }: Agreement): void {
  if (meanCosine >= minMeanCosine) return;
  throw new EmbedhouseError(
    'MODEL_INVALID',
    `the ${tower} tower of model '${folder.name}' cannot be quantised: its int8 vectors have a mean cosine of ${meanCosine.toFixed(4)} with fp32 where at least ${minMeanCosine} was expected; use the fp32 files`,
  );
}
