import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { downloadFile } from './download-file.ts';
import type { HubAccess } from './hub-access.ts';
import type { Place } from './inspect-place.ts';
import type { RepositoryFile } from './list-repository-files.ts';
import type { PullRecord } from './pull-record.ts';
import { isContentOf, readContent, type Content } from './read-content.ts';
import type { Repository } from './read-repository.ts';
import type { StagingFolder } from './staging-folder.ts';
import type { PassingFailure } from './with-retries.ts';

/** What a pull tells while it goes on. */
export type PullEvent =
  /** The download of a file begins, or goes on where it stopped. */
  | { readonly type: 'file'; readonly path: string; readonly sizeBytes: number; readonly startBytes: number }
  /** Bytes of all files that are here. */
  | { readonly type: 'bytes'; readonly path: string; readonly doneBytes: number; readonly totalBytes: number }
  /** Something failed that may pass, and is tried again. */
  | { readonly type: 'retry'; readonly reason: string };

export interface Gathering {
  readonly hub: HubAccess;
  readonly repository: Repository;
  readonly place: Place;
  readonly staging: StagingFolder;
  readonly files: readonly RepositoryFile[];
  readonly signal: AbortSignal;
  readonly onEvent?: (event: PullEvent) => void;
  readonly onRetry: (failure: PassingFailure) => void;
}

export interface Gathered {
  readonly contents: PullRecord['files'];
  /** Those of the files that are in the staging folder; the others are in the model's already. */
  readonly gathered: readonly string[];
}

/**
 * Gets all files that are not in the model's folder into the staging folder, whole and checked.
 *
 * @throws MODEL_PULL_FAILED when a file is damaged, which is then removed.
 * @throws PassingFailure when connections are lost more often than the hub's patience allows.
 * @throws FILE_UNUSABLE when the disk is full or cannot be written.
 */
export async function gatherFiles(gathering: Gathering): Promise<Gathered> {
  const { files, place, staging, signal, onEvent } = gathering;
  const contents: PullRecord['files'] = {};
  const missing: RepositoryFile[] = [];
  const staged = new Set<string>();
  for (const file of files) {
    const inPlace = await readIfSame(join(place.path, file.path), file, signal);
    const inStaging = inPlace ? undefined : await readIfSame(staging.wholePathOf(file), file, signal);
    const content = inPlace ?? inStaging;
    if (content === undefined) {
      await rm(staging.wholePathOf(file), { force: true });
      missing.push(file);
    } else {
      contents[file.path] = entryOf(content);
    }
    if (inStaging !== undefined) {
      staged.add(file.path);
    }
  }
  const totalBytes = sum(files.map(({ sizeBytes }) => sizeBytes));
  const here = await Promise.all(missing.map(async (file) => staging.sizeOf(file)));
  await staging.requireRoom(sum(missing.map(({ sizeBytes }) => sizeBytes)) - sum(here));
  let doneBytes = totalBytes - sum(missing.map(({ sizeBytes }) => sizeBytes)) + sum(here);
  for (const [index, file] of missing.entries()) {
    let fileBytes = here[index] ?? 0;
    onEvent?.({ type: 'file', path: file.path, sizeBytes: file.sizeBytes, startBytes: fileBytes });
    const onBytes = (bytes: number): void => {
      doneBytes += bytes - fileBytes;
      fileBytes = bytes;
      onEvent?.({ type: 'bytes', path: file.path, doneBytes, totalBytes });
    };
    contents[file.path] = entryOf(await gatherFile(gathering, file, onBytes));
    staged.add(file.path);
  }
  return { contents, gathered: files.map(({ path }) => path).filter((path) => staged.has(path)) };
}

async function gatherFile(
  { hub, repository, staging, signal, onRetry }: Gathering,
  file: RepositoryFile,
  onBytes: (bytes: number) => void,
): Promise<Content> {
  const partialPath = staging.partialPathOf(file);
  for (let begin = await staging.sizeOf(file); ; begin = 0) {
    await downloadFile({ hub, repository, file, partialPath, signal, onBytes, onRetry });
    const content = await readContent(partialPath, { signal });
    if (isContentOf(file, content)) {
      await staging.keep(file);
      return content;
    }
    await staging.discard(file);
    onBytes(0);
    // What an earlier pull left may be what was damaged, by a power failure for example: once more, from the begin.
    if (begin === 0) {
      throw corrupted(file, content, `${hub.url}/${repository.repository}`);
    }
  }
}

function corrupted({ path, digest }: RepositoryFile, content: Content, source: string): EmbedhouseError {
  const found = digest.algorithm === 'sha256' ? content.sha256 : content.gitSha1;
  return new EmbedhouseError(
    'MODEL_PULL_FAILED',
    `${path} of ${source} arrived damaged (${digest.algorithm} ${found} instead of ${digest.hex}) and was removed; pull again to get it anew, and if that does not help name another hub with --hub`,
  );
}

async function readIfSame(path: string, file: RepositoryFile, signal: AbortSignal): Promise<Content | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size !== file.sizeBytes) {
    return undefined;
  }
  const content = await readContent(path, { signal });
  return isContentOf(file, content) ? content : undefined;
}

function entryOf({ sizeBytes, sha256 }: Content): PullRecord['files'][string] {
  return { bytes: sizeBytes, sha256 };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
