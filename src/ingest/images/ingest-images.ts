import type { ModelHost } from '../../api/model-host.ts';
import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { embedImages, type Outcome } from './embed-images.ts';
import { ImagesWriter } from './images-writer.ts';
import { openTables, type ImageTables } from './images-table.ts';
import { inBatches } from './in-batches.ts';
import { openPlace, type Place } from './place.ts';
import { planImages, type ImagePlan } from './plan-images.ts';
import { readStored } from './stored-state.ts';

export interface IngestImagesOptions {
  engine: Engine;
  /** The host that embeds, set to the model. */
  host: ModelHost;
  /** Whether the model embeds captions. */
  embedsTexts: boolean;
  /** Folders, globs and files. */
  places: readonly string[];
  table: string;
  /** Removes the rows of files that are gone. */
  prune: boolean;
  /** Tries also files that failed before and are as they were. */
  retryFailed: boolean;
  /** Stops after what is computed is written. */
  signal: AbortSignal;
  onProgress: (progress: IngestImagesProgress) => void;
}

export type IngestImagesProgress =
  /** Files are being looked for; so many were found. */
  | { step: 'looking'; found: number }
  /** So many of those that are new or changed are done, with these that failed. */
  | { step: 'embedding'; done: number; total: number; failed: number };

/** What a run has done. */
export interface IngestImagesReport {
  table: string;
  new: number;
  changed: number;
  unchanged: number;
  /** Files that are in the table of failures, old and new. */
  failed: number;
  /** Of these, how many are as they were when they failed, and were not tried again. */
  failedBefore: number;
  gone: number;
  /** Some of what is gone, by path. */
  goneExamples: string[];
  pruned: number;
  /** Pictures of kinds that the model host does not decode, by extension. */
  leftOut: Record<string, number>;
  /** Vectors that were computed; others were in the table. */
  computed: { images: number; texts: number };
  seconds: number;
}

const shownGone = 5;

/**
 * Brings a table of images to what is in folders: embeds what is new or changed, writes down what fails, and tells what is
 * gone. Stopped at any moment and run again, it goes on.
 *
 * @throws CANCELLED when the signal stops it; FILE_UNUSABLE if a place is not there; USAGE or QUERY_FAILED as `openTables`;
 *   errors of the host and the engine. What was computed until then is written.
 */
export async function ingestImages(options: IngestImagesOptions): Promise<IngestImagesReport> {
  const startedAt = performance.now();
  const progress = { done: 0, total: 0 };
  try {
    const report = await ingest(options, progress);
    return { ...report, seconds: (performance.now() - startedAt) / 1000 };
  } catch (error) {
    if (!options.signal.aborted) throw error;
    const state = progress.total === 0 ? '' : ` after ${progress.done} of ${progress.total} images`;
    throw new EmbedhouseError('CANCELLED', `stopped${state}: run the same command again to go on`, { cause: error });
  }
}

async function ingest(
  options: IngestImagesOptions,
  progress: { done: number; total: number },
): Promise<Omit<IngestImagesReport, 'seconds'>> {
  const { engine, host, table, signal, onProgress } = options;
  const places = await Promise.all(options.places.map(async (place) => openPlace(place)));
  const tables = await openTables({ engine, table, model: await host.describeModel({ signal }), signal });
  const { images, failures } = tables;
  const storedImages = await readStored({ engine, table: images, column: 'caption', places, signal });
  const storedFailures = await readStored({ engine, table: failures, column: 'reason', places, signal });
  const plan = await planImages({
    places,
    images: storedImages,
    failures: storedFailures,
    retryFailed: options.retryFailed,
    signal,
    onFound: (found) => onProgress({ step: 'looking', found }),
  });
  const writer = new ImagesWriter(engine, tables, storedFailures.keys());
  await writer.deleteFailures(plan.repaired);
  // What could not be read beside the images may have been so before.
  const isNews = ({ path, reason, bytes, modified }: (typeof plan.failures)[number]): boolean => {
    const stored = storedFailures.get(path);
    return stored?.text !== reason || stored.bytes !== bytes || stored.modified !== modified;
  };
  await writer.addFailures(plan.failures.filter(isNews));
  progress.total = plan.pending.length;
  const counts = await embedPending(plan, { ...options, tables, writer, progress });
  const pruned = options.prune ? await prune(plan, places, writer) : 0;
  return {
    table,
    new: counts.new,
    changed: counts.changed,
    unchanged: plan.unchanged + counts.none,
    failed: counts.failed + plan.knownFailures.size + plan.failures.length,
    failedBefore: plan.knownFailures.size + plan.failures.filter((failure) => !isNews(failure)).length,
    gone: plan.gone.length,
    goneExamples: plan.gone.slice(0, shownGone),
    pruned,
    leftOut: plan.leftOut,
    computed: counts.computed,
  };
}

interface EmbedPendingOptions extends IngestImagesOptions {
  tables: ImageTables;
  writer: ImagesWriter;
  progress: { done: number; total: number };
}

async function embedPending(plan: ImagePlan, options: EmbedPendingOptions) {
  const { writer, progress, onProgress } = options;
  const counts = { new: 0, changed: 0, none: 0, failed: 0, computed: { images: 0, texts: 0 } };
  const count = (outcomes: readonly Outcome[]): void => {
    for (const outcome of outcomes) counts[outcome.type === 'row' ? outcome.change : 'failed']++;
    progress.done += outcomes.length;
    onProgress({ step: 'embedding', ...progress, failed: counts.failed });
  };
  onProgress({ step: 'embedding', ...progress, failed: 0 });
  try {
    await inBatches(plan.pending, options.signal, {
      work: async (images, signal) => embedImages(images, { ...options, signal }),
      take: async ({ outcomes, computed }) => {
        counts.computed.images += computed.images;
        counts.computed.texts += computed.texts;
        count(outcomes);
        await writer.add(outcomes);
      },
    });
  } finally {
    await writer.flush();
  }
  return counts;
}

/** @throws FILE_UNUSABLE if no image at all is left, as when a disk is not mounted */
async function prune(plan: ImagePlan, places: readonly Place[], writer: ImagesWriter): Promise<number> {
  if (plan.gone.length > 0 && plan.found === 0) {
    const where = places.map(({ root }) => `'${root}'`).join(', ');
    const message = `no image is left in ${where}, of which the table has ${plan.gone.length}: nothing was pruned, as when a disk is not mounted; to remove them all the same, delete the rows with SQL`;
    throw new EmbedhouseError('FILE_UNUSABLE', message);
  }
  await writer.deleteImages(plan.gone);
  return plan.gone.length;
}
