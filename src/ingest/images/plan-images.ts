import { lstat, stat } from 'node:fs/promises';

import { findImages, type FoundImage } from './find-images.ts';
import type { Failure } from './image-row.ts';
import { errorName, type Place } from './place.ts';
import type { StoredFile } from './stored-state.ts';

/** A file that is new, or differs from what is stored. */
export interface PendingImage extends FoundImage {
  /** Whether the table of images has a row of it. */
  isStored: boolean;
}

/** What there is to do. */
export interface ImagePlan {
  pending: PendingImage[];
  unchanged: number;
  /** Files that failed before and are as they were: not tried again. */
  knownFailures: Set<string>;
  /** What cannot be read beside the images: folders, captions, names that are not UTF-8. */
  failures: Failure[];
  /** Stored failures of what is in order now, or gone. */
  repaired: string[];
  /** Stored images whose files are gone. */
  gone: string[];
  /** Pictures of kinds that the model host does not decode, by extension. */
  leftOut: Record<string, number>;
  /** Files found by the name of an image. */
  found: number;
}

export interface PlanOptions {
  places: readonly Place[];
  images: ReadonlyMap<string, StoredFile>;
  failures: ReadonlyMap<string, StoredFile>;
  retryFailed: boolean;
  signal: AbortSignal;
  onFound: (found: number) => void;
}

/** Looks at all files of the places and compares them with what is stored; reads none but captions. */
export async function planImages(options: PlanOptions): Promise<ImagePlan> {
  const planner = new Planner(options);
  for (const place of options.places) {
    for await (const finding of findImages(place, options.signal)) {
      switch (finding.type) {
        case 'image':
          planner.addImage(finding.image);
          break;
        case 'read':
          planner.addInOrder(finding.path);
          break;
        case 'unreadable':
          await planner.addFailure(finding.path, finding.reason);
          break;
        case 'leftOut':
          planner.addLeftOut(finding.extension);
          break;
      }
    }
  }
  return planner.finish();
}

class Planner {
  readonly #options: PlanOptions;
  readonly #seen = new Set<string>();
  readonly #pending: PendingImage[] = [];
  readonly #knownFailures = new Set<string>();
  readonly #failures = new Map<string, Failure>();
  /** Of what has failed before. */
  readonly #inOrder = new Set<string>();
  readonly #leftOut = new Map<string, number>();
  #unchanged = 0;

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  addImage(image: FoundImage): void {
    const { images, failures, retryFailed, onFound } = this.#options;
    // Places may overlap.
    if (this.#seen.has(image.path)) return;
    this.#seen.add(image.path);
    onFound(this.#seen.size);
    const stored = images.get(image.path);
    if (stored !== undefined && isUnchanged(image, stored) && stored.text === image.caption && stored.copies === 1) {
      this.#unchanged++;
      this.addInOrder(image.path);
      return;
    }
    const failed = failures.get(image.path);
    if (failed !== undefined && isUnchanged(image, failed) && !retryFailed) {
      this.#knownFailures.add(image.path);
      return;
    }
    this.#pending.push({ ...image, isStored: stored !== undefined });
  }

  addInOrder(path: string): void {
    if (this.#options.failures.has(path)) this.#inOrder.add(path);
  }

  async addFailure(path: string, reason: string): Promise<void> {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    const modified = Number((found?.mtimeNs ?? 0n) / 1000n);
    this.#failures.set(path, { path, reason, bytes: Number(found?.size ?? 0n), modified });
  }

  addLeftOut(extension: string): void {
    this.#leftOut.set(extension, (this.#leftOut.get(extension) ?? 0) + 1);
  }

  async finish(): Promise<ImagePlan> {
    const { images, failures } = this.#options;
    // A folder by the name of an image is read as a folder, and stays a failure as an image.
    const inOrder = [...this.#inOrder].filter((path) => !this.#knownFailures.has(path));
    const goneFailures = await this.#findGone(failures.keys());
    return {
      pending: this.#pending,
      unchanged: this.#unchanged,
      knownFailures: this.#knownFailures,
      failures: [...this.#failures.values()],
      repaired: [...inOrder, ...goneFailures],
      gone: await this.#findGone(images.keys()),
      leftOut: Object.fromEntries(this.#leftOut),
      found: this.#seen.size,
    };
  }

  async #findGone(paths: Iterable<string>): Promise<string[]> {
    const gone: string[] = [];
    for (const path of paths) {
      const isMissed = !this.#seen.has(path) && this.#options.places.some(({ includes }) => includes(path));
      if (isMissed && (await isGone(path))) gone.push(path);
    }
    return gone;
  }
}

function isUnchanged(image: FoundImage, stored: StoredFile): boolean {
  return image.bytes === stored.bytes && image.modified === stored.modified;
}

/** What is there but was not met, in a folder that may not be read for instance, is not gone. */
async function isGone(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(errorName(error));
  }
}
