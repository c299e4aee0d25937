import { anySignal } from '../../signals/any-signal.ts';

/** A batch has so many files, or fewer that are large. */
const batchFiles = 64;
const batchBytes = 32 * 1024 * 1024;
/** Batches at work: the model host must not wait for files to be read, nor for rows to be written. */
const batchesAtOnce = 4;

interface Steps<Item, Result> {
  /** Works on a batch, beside others. */
  work: (batch: readonly Item[], signal: AbortSignal) => Promise<Result>;
  /** Takes the results one by one, in the order of the batches. */
  take: (result: Result) => Promise<void>;
}

/**
 * Works on items in batches, of which some are under way at a time. When one fails, or the signal stops them, the others
 * are stopped; the results of those that were done all the same are taken before it throws.
 */
export async function inBatches<Item extends { bytes: number }, Result>(
  items: readonly Item[],
  signal: AbortSignal,
  { work, take }: Steps<Item, Result>,
): Promise<void> {
  const stop = new AbortController();
  const eitherSignal = anySignal(signal, stop.signal);
  const running: Promise<Result>[] = [];
  try {
    for (const batch of cut(items)) {
      eitherSignal.throwIfAborted();
      const result = work(batch, eitherSignal);
      // It is awaited later: until then its failure is no unhandled one.
      result.catch(() => {});
      running.push(result);
      if (running.length >= batchesAtOnce) await takeNext(running, take);
    }
    while (running.length > 0) await takeNext(running, take);
  } catch (error) {
    stop.abort(error);
    for (const settled of await Promise.allSettled(running)) {
      if (settled.status === 'fulfilled') await take(settled.value);
    }
    throw error;
  }
}

async function takeNext<Result>(running: Promise<Result>[], take: (result: Result) => Promise<void>): Promise<void> {
  const next = running.shift();
  if (next !== undefined) await take(await next);
}

function* cut<Item extends { bytes: number }>(items: readonly Item[]): Generator<Item[], void> {
  let batch: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    if (batch.length >= batchFiles || (batch.length > 0 && bytes + item.bytes > batchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += item.bytes;
  }
  if (batch.length > 0) yield batch;
}
