import { z } from 'zod';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { HubAccess } from './hub-access.ts';
import { readHubJson } from './read-hub-json.ts';
import type { Repository } from './read-repository.ts';
import { isPathInside } from './is-path-inside.ts';
import type { PassingFailure } from './with-retries.ts';

/** A file of a repository, and what its content must be. */
export interface RepositoryFile {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Of large files (LFS) the SHA-256; of others git's object name, the SHA-1 of `blob SIZE\0` and the content. */
  readonly digest: { readonly algorithm: 'sha256' | 'git-sha1'; readonly hex: string };
}

export interface ListQuestion {
  readonly hub: HubAccess;
  readonly repository: Repository;
  readonly signal: AbortSignal;
  readonly onRetry?: ((failure: PassingFailure) => void) | undefined;
}

const sizeSchema = z.number().int().nonnegative();
const entrySchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('file'),
    path: z.string(),
    size: sizeSchema,
    oid: z.string().regex(/^[0-9a-f]{40}$/),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: sizeSchema }).optional(),
  }),
  z.object({ type: z.enum(['directory', 'unknown']), path: z.string() }),
]);

/** A thousand entries each; no model has so many. */
const maxPages = 100;

/**
 * Lists all files of a repository at its commit: `GET /api/models/{id}/tree/{commit}?recursive=true`, page after page.
 *
 * @throws PassingFailure when the hub fails more often than its patience allows.
 * @throws MODEL_PULL_FAILED when a path leads out of the repository, or the listing has no end.
 */
export async function listRepositoryFiles(question: ListQuestion): Promise<RepositoryFile[]> {
  const { hub, signal, onRetry } = question;
  const { repository, commit } = question.repository;
  const address = `/api/models/${repository}/tree/${commit}`;
  const files: RepositoryFile[] = [];
  let query: string | undefined = '?recursive=true';
  for (let page = 0; query !== undefined; page++) {
    if (page === maxPages) {
      throw new EmbedhouseError('MODEL_PULL_FAILED', `the list of files of ${repository} on ${hub.url} has no end`);
    }
    const { value, headers } = await readHubJson({
      hub,
      address: `${address}${query}`,
      schema: z.array(entrySchema),
      subject: { hub, repository, revision: commit },
      signal,
      onRetry,
    });
    for (const entry of value) {
      if (!isPathInside(entry.path)) {
        throw new EmbedhouseError(
          'MODEL_PULL_FAILED',
          `model ${repository} on ${hub.url} lists a file outside of its folder (${JSON.stringify(entry.path)}); nothing of it is pulled`,
        );
      }
      if (entry.type === 'file') {
        files.push(toFile(entry));
      }
    }
    query = nextPage(headers);
  }
  return files;
}

function toFile({ path, size, oid, lfs }: Extract<z.infer<typeof entrySchema>, { type: 'file' }>): RepositoryFile {
  return lfs === undefined
    ? { path, sizeBytes: size, digest: { algorithm: 'git-sha1', hex: oid } }
    : { path, sizeBytes: lfs.size, digest: { algorithm: 'sha256', hex: lfs.oid } };
}

/**
 * Takes from `Link: <https://…?cursor=…>; rel="next"` only the query: the token must not go to wherever a header says,
 * and mirrors name the hub that they mirror.
 */
function nextPage(headers: Headers): string | undefined {
  const next = /<(?<address>[^>]+)>\s*;\s*rel="next"/.exec(headers.get('Link') ?? '')?.groups?.['address'];
  return next === undefined ? undefined : new URL(next, 'http://relative').search;
}
