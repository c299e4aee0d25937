import { open, readFile, rm, writeFile, type FileHandle } from 'node:fs/promises';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { askHub } from './ask-hub.ts';
import { describeNetworkFailure } from './describe-network-failure.ts';
import { describeRefusal } from './describe-refusal.ts';
import { defaultPatience, type HubAccess } from './hub-access.ts';
import type { RepositoryFile } from './list-repository-files.ts';
import type { Repository } from './read-repository.ts';
import { StallWatch } from './stall-watch.ts';
import { unwritable } from './unwritable.ts';
import { PassingFailure, withRetries } from './with-retries.ts';

export interface Download {
  readonly hub: HubAccess;
  readonly repository: Repository;
  readonly file: RepositoryFile;
  /** Where the bytes go; what is there already is the begin of the file. Beside it is its `.etag`. */
  readonly partialPath: string;
  readonly signal: AbortSignal;
  /** Told how many bytes of the file are here, begin included; fewer than before when it starts over. */
  readonly onBytes: (bytes: number) => void;
  readonly onRetry?: ((failure: PassingFailure) => void) | undefined;
}

/**
 * Downloads a file of a repository, or what is missing of it, until it has its size: `GET /{id}/resolve/{commit}/{path}`,
 * with `Range` and `If-Range`. It starts over where the server does not continue it, or the content has changed. What
 * arrived stays when it fails; the content is for the caller to check.
 *
 * @throws PassingFailure when connections are lost or silent more often than the hub's patience allows.
 * @throws MODEL_PULL_FAILED when the hub refuses, or sends more than it listed.
 * @throws FILE_UNUSABLE when the disk is full or cannot be written.
 */
export async function downloadFile(download: Download): Promise<void> {
  const { hub, signal, onRetry } = download;
  const patience = hub.patience ?? defaultPatience;
  await withRetries(async () => downloadRest(download, patience.stallMs), { patience, signal, onRetry });
}

async function downloadRest(download: Download, stallMs: number): Promise<void> {
  const { hub, repository, file, partialPath, signal, onBytes } = download;
  using watch = new StallWatch(stallMs, signal);
  await using partial = await openPartial(partialPath);
  const have = await sizeOf(partial);
  onBytes(have);
  if (have === file.sizeBytes) {
    return;
  }
  const etag = have > 0 ? await readFile(`${partialPath}.etag`, 'utf8').catch(() => '') : '';
  const response = await askHub({
    hub,
    address: `/${repository.repository}/resolve/${repository.commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`,
    headers: {
      // Ranges are of the bytes that travel: they must be those of the file.
      'Accept-Encoding': 'identity',
      ...(have > 0 && { Range: `bytes=${have}-` }),
      ...(etag !== '' && { 'If-Range': etag }),
    },
    watch,
  });
  if (!response.ok && response.status !== 416) {
    await response.body?.cancel();
    throw describeRefusal(response, { hub, repository: repository.repository, revision: repository.commit });
  }
  if (have > 0 && !isContinued(response, have, file.sizeBytes)) {
    await cut(partial, partialPath);
    onBytes(0);
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new PassingFailure(`the server does not continue ${file.path} at byte ${have}, and it starts over`);
    }
    await saveEtag(response, partialPath);
    await receive({ download, response, watch, partial, from: 0 });
    return;
  }
  if (have === 0) {
    await saveEtag(response, partialPath);
  }
  await receive({ download, response, watch, partial, from: have });
}

interface Receiving {
  readonly download: Download;
  readonly response: Response;
  readonly watch: StallWatch;
  readonly partial: FileHandle;
  /** How many bytes of the file are there already. */
  readonly from: number;
}

async function receive({ download, response, watch, partial, from }: Receiving): Promise<void> {
  const { hub, file, partialPath, onBytes } = download;
  let bytes = from;
  try {
    for await (const chunk of response.body ?? []) {
      watch.touch();
      if (bytes + chunk.length > file.sizeBytes) {
        await cut(partial, partialPath);
        throw new EmbedhouseError(
          'MODEL_PULL_FAILED',
          `${hub.url} sends more than the ${file.sizeBytes} bytes that it lists for ${file.path}, and the file is refused; pull again later, or from another hub with --hub`,
        );
      }
      await partial.appendFile(chunk).catch((cause: unknown) => {
        throw unwritable(partialPath, cause);
      });
      bytes += chunk.length;
      onBytes(bytes);
    }
  } catch (error) {
    throw error instanceof EmbedhouseError ? error : watch.explain(describeNetworkFailure(error, bytes - from));
  }
  if (bytes < file.sizeBytes) {
    throw new PassingFailure(`the connection ended ${file.sizeBytes - bytes} bytes before the end of ${file.path}`, {
      receivedBytes: bytes - from,
    });
  }
}

/** Whether the answer is the rest of the file and of no other size; some servers ignore ranges. */
function isContinued(response: Response, have: number, sizeBytes: number): boolean {
  return (
    response.status === 206 && response.headers.get('Content-Range') === `bytes ${have}-${sizeBytes - 1}/${sizeBytes}`
  );
}

/** Weak ones do not say that the bytes are the same, and `If-Range` must not have them (RFC 9110, 13.1.5). */
async function saveEtag(response: Response, partialPath: string): Promise<void> {
  const etag = response.headers.get('ETag') ?? '';
  await writeFile(`${partialPath}.etag`, etag.startsWith('"') ? etag : '').catch((cause: unknown) => {
    throw unwritable(partialPath, cause);
  });
}

async function openPartial(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a');
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

async function sizeOf(partial: FileHandle): Promise<number> {
  return (await partial.stat()).size;
}

async function cut(partial: FileHandle, path: string): Promise<void> {
  await partial.truncate();
  await rm(`${path}.etag`, { force: true });
}
