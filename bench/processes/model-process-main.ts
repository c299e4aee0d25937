import { InferenceSession, Tensor } from 'onnxruntime-node';

import { clipShapes } from '../model/clip-shapes.ts';
import { matmulShape } from '../model/matmul-graph.ts';
import type { ModelReply, ModelRequest } from './model-messages.ts';
import { serve } from './serve.ts';

// The runtime with nothing around it: what the naive script and a perfect plan do with the same graph.

// Threads that spin on behind a run would take a core from whatever is measured next.
const extra = { session: { force_spinning_stop: '1' } };

let session: InferenceSession | undefined;
/** Made once for each number of images: the model is fed ready-made tensors. */
const images = new Map<number, Tensor>();

serve(async (message) => {
  // Only `ModelProcess` asks.
  const request = message as ModelRequest;
  switch (request.type) {
    case 'open': {
      const { path, threads } = request;
      const options = threads === undefined ? {} : { intraOpNumThreads: threads, interOpNumThreads: 1, extra };
      return timed(1, async () => {
        session = await InferenceSession.create(path, { logSeverityLevel: 3, ...options });
      });
    }
    case 'batch': {
      const { rows } = request;
      return timed(1, async () => run({ input_ids: padRows(rows, Math.max(...rows.map((row) => row.length))) }));
    }
    case 'row-by-row':
      return timed(request.rows.length, async () => {
        for (const row of request.rows) await run({ input_ids: padRows([row], clipShapes.text.maxTokens) });
      });
    case 'images': {
      const pixels = images.get(request.count) ?? makeImages(request.count);
      images.set(request.count, pixels);
      return timed(1, async () => run({ pixel_values: pixels }));
    }
    default:
      return multiply(request.durationMs);
  }
});

async function run(feeds: Record<string, Tensor>, results?: Record<string, Tensor>): Promise<void> {
  if (session === undefined) throw new Error('no graph is open');
  await (results === undefined ? session.run(feeds) : session.run(feeds, results));
}

async function timed(runs: number, work: () => Promise<void>): Promise<ModelReply> {
  const startedAt = performance.now();
  await work();
  return { elapsedMs: performance.now() - startedAt, runs };
}

/** Pads with each row's end-of-text id, of which pooling finds the first. */
function padRows(rows: readonly (readonly number[])[], length: number): Tensor {
  const ids = new BigInt64Array(rows.length * length);
  for (const [index, row] of rows.entries()) {
    ids.fill(BigInt(row.at(-1) ?? 0), index * length, (index + 1) * length);
    for (const [column, id] of row.entries()) ids[index * length + column] = BigInt(id);
  }
  return new Tensor('int64', ids, [rows.length, length]);
}

function makeImages(count: number): Tensor {
  const { channels, size } = clipShapes.image;
  const values = Float32Array.from({ length: count * channels * size ** 2 }, (_, index) => Math.sin(index));
  return new Tensor('float32', values, [count, channels, size, size]);
}

async function multiply(durationMs: number): Promise<ModelReply> {
  const { rows, inner, columns } = matmulShape;
  const left = new Tensor('float32', new Float32Array(rows * inner).fill(0.5), [rows, inner]);
  // Written in place: fresh memory for each product would cost a part of the product.
  const product = new Tensor('float32', new Float32Array(rows * columns), [rows, columns]);
  const startedAt = performance.now();
  let runs = 0;
  while (performance.now() - startedAt < durationMs) {
    await run({ left }, { product });
    runs++;
  }
  return { elapsedMs: performance.now() - startedAt, runs };
}
