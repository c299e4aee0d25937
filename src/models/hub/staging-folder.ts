import { mkdir, readdir, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import prettyBytes from 'pretty-bytes';
import { flush } from '../flush.ts';
import { claimStaging, type Claim } from './claim-staging.ts';
import type { RepositoryFile } from './list-repository-files.ts';
import { unwritable } from './unwritable.ts';

/** Names the folder in which a model is gathered; hidden, so that nobody takes it for a model. */
export function stagingPathOf(modelsPath: string, name: string): string {
  return join(modelsPath, `.pull-${name}`);
}

/**
 * The folder in which one process gathers a model: `partial/` with what has not arrived whole, and `model/` with the files
 * that have and are checked, as they will be in the model's folder.
 */
export class StagingFolder implements AsyncDisposable {
  readonly modelPath: string;
  readonly #path: string;
  readonly #claim: Claim;

  private constructor(path: string, claim: Claim) {
    this.#path = path;
    this.#claim = claim;
    this.modelPath = join(path, 'model');
  }

  /**
   * Opens the staging folder of a model for this process alone.
   *
   * @throws MODEL_PULL_FAILED when another process has it.
   * @throws FILE_UNUSABLE when the folder cannot be made.
   */
  static async open(modelsPath: string, name: string): Promise<StagingFolder> {
    const path = stagingPathOf(modelsPath, name);
    const staging = new StagingFolder(path, await claimStaging(path, name));
    try {
      await mkdir(staging.modelPath, { recursive: true });
      await mkdir(join(path, 'partial'), { recursive: true });
    } catch (cause) {
      await staging[Symbol.asyncDispose]();
      throw unwritable(path, cause);
    }
    return staging;
  }

  /** Where a file is while it arrives. The content is part of the name: another commit's file is another one. */
  partialPathOf({ path, digest }: RepositoryFile): string {
    return join(this.#path, 'partial', `${encodeURIComponent(path)}.${digest.hex}`);
  }

  /** Where a file is when it is whole. */
  wholePathOf({ path }: RepositoryFile): string {
    return join(this.modelPath, path);
  }

  /** Removes partial files that the repository does not know any more. */
  async removeOutdated(files: readonly RepositoryFile[]): Promise<void> {
    const known = new Set(files.map((file) => this.partialPathOf(file)));
    for (const name of await readdir(join(this.#path, 'partial'))) {
      const path = join(this.#path, 'partial', name);
      if (!known.has(path.replace(/\.etag$/, ''))) {
        await rm(path, { force: true });
      }
    }
  }

  /** How many bytes of a file are here. */
  async sizeOf(file: RepositoryFile): Promise<number> {
    for (const path of [this.wholePathOf(file), this.partialPathOf(file)]) {
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined) {
        return Math.min(found.size, file.sizeBytes);
      }
    }
    return 0;
  }

  /** @throws FILE_UNUSABLE when the disk has less room */
  async requireRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#path);
    const free = bavail * bsize;
    if (bytes > free) {
      throw new EmbedhouseError(
        'FILE_UNUSABLE',
        `the disk has no room for the model: ${prettyBytes(bytes)} are still to come, and ${prettyBytes(free)} are free at ${dirname(this.#path)}; free space there, or name another folder with --models`,
      );
    }
  }

  /** Takes a file that has arrived and is checked to the others, safe from a power failure. */
  async keep(file: RepositoryFile): Promise<void> {
    const [from, to] = [this.partialPathOf(file), this.wholePathOf(file)];
    try {
      await flush(from, 'r+');
      await mkdir(dirname(to), { recursive: true });
      await rename(from, to);
      await rm(`${from}.etag`, { force: true });
    } catch (cause) {
      throw unwritable(to, cause);
    }
  }

  async discard(file: RepositoryFile): Promise<void> {
    await rm(this.partialPathOf(file), { force: true });
    await rm(`${this.partialPathOf(file)}.etag`, { force: true });
  }

  /** Removes all that was gathered, when it is in its place. */
  async empty(): Promise<void> {
    await rm(join(this.#path, 'partial'), { recursive: true, force: true });
    await rm(this.modelPath, { recursive: true, force: true });
  }

  /** Leaves the folder to others; removes it if nothing is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of [join(this.#path, 'partial'), join(this.modelPath, 'onnx'), this.modelPath]) {
      await rmdir(folder).catch(() => {});
    }
    await this.#claim.release();
    // Not when another process has claimed it meanwhile.
    await rmdir(this.#path).catch(() => {});
  }
}
