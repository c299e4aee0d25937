import { join } from 'node:path';

import type { Bench } from '../bench.ts';
import { renderPictures, type Pictures } from '../data/pictures.ts';
import type { Figure, Measurement } from '../figure.ts';
import { int8Row } from '../functions.ts';
import { interleave } from '../interleave.ts';
import { MatmulRate } from '../matmul-rate.ts';
import { imageFlops } from '../model/clip-shapes.ts';
import { EngineProcess } from '../processes/engine-process.ts';
import { ModelHost } from '../processes/model-host.ts';
import type { ModelRequest } from '../processes/model-messages.ts';
import { ModelProcesses } from '../processes/model-process.ts';
import { ensureQuantizedModel } from '../quantized-model.ts';
import { cachePath } from '../repository-path.ts';
import { ratios } from '../statistics.ts';
import { bulkQuery, warmUp } from './bulk-query.ts';

/** Images in bulk, from JPEG files: through SQL, and the same model fed ready-made tensors. */
export const imageFigure: Figure = {
  name: 'images',
  measure: async (bench) =>
    measureImages(bench, {
      label: 'fp32',
      functionName: 'encode_image',
      graphPath: join(bench.model.path, 'onnx/vision_model.onnx'),
      target: { atLeast: 0.85 },
    }),
};

/** The same in the batch-invariant int8 format, where preparing images weighs three times as much; no target. */
export const imageInt8RowFigure: Figure = {
  name: 'images-int8-row',
  measure: async (bench) => {
    const quantized = await ensureQuantizedModel(bench);
    if ('missing' in quantized) return [{ what: `images/s through SQL, ${int8Row}`, skipped: quantized.missing }];
    return measureImages(bench, {
      label: int8Row,
      functionName: 'encode_image_int8_row',
      graphPath: quantized.imagePath,
    });
  },
};

interface ImageVariant {
  label: string;
  functionName: string;
  graphPath: string;
  target?: { atLeast: number };
}

const batchSizes = [4, 8] as const;

async function measureImages(bench: Bench, variant: ImageVariant): Promise<readonly Measurement[]> {
  const { bulkImages, largeImages } = bench.settings;
  bench.progress('rendering pictures');
  const render = async (count: number, width: number, height: number, vary = 0): Promise<Pictures> =>
    renderPictures(cachePath, count, { width, height }, { vary, signal: bench.signal });
  const usual = await render(bulkImages, 500, 400, 0.1);
  const larger = [await render(largeImages, 640, 480), await render(largeImages, 1920, 1080)] as const;

  await using _host = await ModelHost.start(bench, { cacheMib: 0 });
  await using engine = await EngineProcess.open(bench);
  const tableOf = ({ name }: Pictures): string => `pictures_${name}`;
  for (const pictures of [usual, ...larger]) await engine.createTable(tableOf(pictures), pictures.paths);
  await warmUp(engine, variant.functionName, usual.paths);
  await using ready = await ModelProcesses.open(bench, variant.graphPath);
  await using matmul = await MatmulRate.open(bench);
  const batch = await findBestBatch(ready, bulkImages);

  const perSecond = (images: number, elapsedMs: number): number => (images * 1000) / elapsedMs;
  const throughSql = async (pictures: Pictures): Promise<number> =>
    perSecond(pictures.paths.length, await engine.time(bulkQuery(variant.functionName, tableOf(pictures))));
  const [medium, large] = larger;
  const sides = await interleave(bench, {
    sql: async () => throughSql(usual),
    medium: async () => throughSql(medium),
    large: async () => throughSql(large),
    ready: async () => perSecond(bulkImages, await ready.work(readyBatches(bulkImages, batch))),
    gflops: async () => matmul.measure(),
  });
  const overReady = (sql: readonly number[]): Pick<Measurement, 'unit' | 'samples' | 'parts'> => ({
    unit: 'x',
    samples: ratios(sql, sides.ready),
    parts: { 'images/s through SQL': sql, 'images/s of ready-made tensors': sides.ready },
  });
  const describeLarger = ({ width, height, paths }: Pictures): Pick<Measurement, 'what' | 'notes'> => ({
    what: `the same from files of ${width} x ${height}, ${variant.label}`,
    notes: [`${paths.length} files: a query so short also shows its beginning and end`],
  });
  const measured: Measurement[] = [
    {
      what: `images/s through SQL from JPEG files of about 500 x 400, ${variant.label}, over ready-made tensors`,
      ...overReady(sides.sql),
      ...(variant.target === undefined ? {} : { target: variant.target }),
      notes: [`ready-made: batches of ${batch}, ${bench.cores} processes of one thread`],
    },
    { ...describeLarger(medium), ...overReady(sides.medium) },
    { ...describeLarger(large), ...overReady(sides.large) },
  ];
  if (variant.label !== 'fp32') return measured;
  const gflopsOf = (imagesPerSecond: readonly number[]): number[] =>
    imagesPerSecond.map((images) => (images * imageFlops()) / 1e9);
  measured.push({
    what: 'model GFLOP/s of images through SQL, fp32, over a plain large matrix product',
    unit: 'x',
    samples: ratios(gflopsOf(sides.sql), sides.gflops),
    target: { atLeast: 0.75 },
    parts: {
      'GFLOP/s through SQL': gflopsOf(sides.sql),
      'GFLOP/s of ready-made tensors': gflopsOf(sides.ready),
      'GFLOP/s of the product': sides.gflops,
    },
  });
  return measured;
}

function readyBatches(images: number, batch: number): ModelRequest[] {
  return Array.from({ length: images / batch }, (): ModelRequest => ({ type: 'images', count: batch }));
}

async function findBestBatch(processes: ModelProcesses, images: number): Promise<number> {
  let best = { batch: 0, elapsedMs: Infinity };
  for (const batch of batchSizes) {
    await processes.all({ type: 'images', count: batch });
    const elapsedMs = await processes.work(readyBatches(images / 2, batch));
    if (elapsedMs < best.elapsedMs) best = { batch, elapsedMs };
  }
  return best.batch;
}
