import { availableParallelism } from 'node:os';

import { stoppable } from '../signals/stoppable.ts';
import { findPrompt } from '../host/find-prompt.ts';
import { drawPicture, sampleDrawings, sampleTexts } from '../models/agreement-sample.ts';
import type { Dtype } from '../models/dtype.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { loadTokenizer } from '../models/tokenizer.ts';
import { measureRows, type RowsMeasured } from './measure-rows.ts';
import { PrivateHost } from './private-host.ts';

/** A model's speed on this machine, as callers of the host see it. */
export interface ModelMeasured {
  model: string;
  dtype: Dtype;
  /** Threads of all encoder processes together. */
  threads: number;
  /** Undefined where the model embeds no texts. */
  texts?: RowsMeasured & { bulkTokensPerSecond: number };
  /** Undefined where it embeds no images. */
  images?: RowsMeasured;
}

export interface MeasureModelOptions {
  modelsPath: string;
  graphsPath: string;
  dtype: Dtype;
  /** How many distinct rows there are at most. */
  sample: { texts: number; images: number };
  /** How long each measurement takes, about: there are two for texts and two for images. */
  seconds: number;
  /** Ends the measurement; nothing is left of it. */
  signal: AbortSignal;
  onStep?: (step: MeasureStep) => void;
}

export type MeasureStep = `${'texts' | 'images'}: ${'load' | 'alone' | 'bulk'}` | 'images: draw';

/**
 * Measures how fast a model embeds texts, images or both, through a host of its own without a cache: emojibase's texts,
 * and drawings of 256 × 256 pixels as PNG files. All that SQL functions wait for is in it, but ClickHouse and the bridge.
 *
 * @throws CANCELLED when the signal stops it
 * @throws MODEL_INVALID, MODEL_TOO_LARGE and whatever else the host says of the model
 */
export async function measureModel(folder: ModelFolder, options: MeasureModelOptions): Promise<ModelMeasured> {
  const { modelsPath, graphsPath, dtype, signal } = options;
  return stoppable(signal, 'the measurement was stopped', async () => {
    const { name: model, text, image } = folder;
    const threads = availableParallelism();
    await using host = await PrivateHost.open({ modelsPath, model, dtype, graphsPath, threads });
    return {
      model,
      dtype,
      threads,
      ...(text && { texts: await measureTexts(folder, host, options) }),
      ...(image && { images: await measureImages(host, options) }),
    };
  });
}

async function measureTexts(
  folder: ModelFolder,
  host: PrivateHost,
  { sample, seconds, signal, onStep }: MeasureModelOptions,
): Promise<NonNullable<ModelMeasured['texts']>> {
  const texts = sampleTexts(sample.texts);
  const tokenizer = await loadTokenizer(folder);
  const prompt = findPrompt(folder, undefined);
  const tokensOf = new Map(texts.map((text) => [text, tokenizer.tokenize(prompt + text).length]));
  let lastCall: readonly string[] = [];
  const measured = await measureRows({
    rows: texts,
    encode: async (rows) => {
      lastCall = rows;
      await host.client.encodeText(rows, { signal });
    },
    isWarm: () => host.isWarm('text'),
    seconds,
    onStep: (step) => onStep?.(`texts: ${step}`),
  });
  // All calls with many texts have the same ones.
  const tokens = lastCall.reduce((sum, text) => sum + (tokensOf.get(text) ?? 0), 0);
  return { ...measured, bulkTokensPerSecond: (measured.bulkRowsPerSecond * tokens) / lastCall.length };
}

async function measureImages(
  host: PrivateHost,
  { sample, seconds, signal, onStep }: MeasureModelOptions,
): Promise<RowsMeasured> {
  onStep?.('images: draw');
  const pictures: Uint8Array[] = [];
  for (const [index, path] of sampleDrawings(sample.images).entries()) {
    signal.throwIfAborted();
    pictures.push(await drawPicture(path, index));
  }
  return measureRows({
    rows: pictures,
    encode: async (rows) => host.client.encodeImage(rows, { signal }),
    isWarm: () => host.isWarm('image'),
    seconds,
    onStep: (step) => onStep?.(`images: ${step}`),
  });
}
