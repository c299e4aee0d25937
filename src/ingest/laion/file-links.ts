import { symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { makeTemporaryFolder, type TemporaryFolder } from '../../engine/data-folder.ts';
import type { LaionPart, ReadablePaths } from './laion-part.ts';

/** What ClickHouse's `file()` takes for a pattern of names, or for a file within an archive; it knows no escape. */
const hasMeaning = /[*?{}]|::/;

/** Makes files whose folders have names that ClickHouse would read as patterns reachable, by links. */
export class FileLinks implements AsyncDisposable {
  #folder: Promise<TemporaryFolder> | undefined;

  /** @throws EmbedhouseError `FILE_UNUSABLE` when no link can be made */
  async reachable(part: LaionPart): Promise<ReadablePaths> {
    return {
      imagePath: await this.#link(part.imagePath),
      textPath: await this.#link(part.textPath),
      metadataPath: await this.#link(part.metadataPath),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#folder)?.remove();
  }

  async #link(path: string): Promise<string> {
    if (!hasMeaning.test(path)) return path;
    this.#folder ??= makeTemporaryFolder();
    const link = join((await this.#folder).path, basename(path));
    await symlink(path, link);
    return link;
  }
}
