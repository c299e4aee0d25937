import { z } from 'zod';

import type { HubAccess } from './hub-access.ts';
import { readHubJson } from './read-hub-json.ts';
import { repositoryPattern } from './repository-name.ts';
import type { PassingFailure } from './with-retries.ts';

/** A model's repository at one commit. */
export interface Repository {
  /** As `owner/name`, as the hub calls it now: repositories are renamed. */
  readonly repository: string;
  readonly commit: string;
  /** As the model's card says, an SPDX-like name in lower case; undefined when it does not say. */
  readonly licence: string | undefined;
}

export interface RepositoryQuestion {
  readonly hub: HubAccess;
  readonly repository: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  readonly signal: AbortSignal;
  readonly onRetry?: ((failure: PassingFailure) => void) | undefined;
}

const commitPattern = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

const infoSchema = z.object({
  id: z.string().regex(repositoryPattern).optional().catch(undefined),
  sha: z.string().regex(commitPattern),
  tags: z.array(z.string()).catch([]),
  cardData: z
    .object({ license: z.union([z.string(), z.array(z.string())]), license_name: z.string().optional() })
    .optional()
    .catch(undefined),
});

/**
 * Asks the hub which commit a revision is, and for the model's licence: `GET /api/models/{id}/revision/{revision}`.
 *
 * @throws PassingFailure at once when there is no way to the hub, or after some tries when it fails.
 * @throws MODEL_PULL_FAILED when there is no such model or revision, or the hub does not show it.
 */
export async function readRepository(question: RepositoryQuestion): Promise<Repository> {
  const { hub, repository, revision, signal, onRetry } = question;
  const { value } = await readHubJson({
    hub,
    address: `/api/models/${repository}/revision/${encodeURIComponent(revision)}`,
    schema: infoSchema,
    subject: { hub, repository, revision },
    signal,
    onRetry,
    // Without a network waiting does not help; whoever has one gets an answer to this first question.
    isFinal: ({ isUnreachable }) => isUnreachable,
  });
  return { repository: value.id ?? repository, commit: value.sha, licence: licenceOf(value) };
}

/** The card's licence, else the tag `license:…` that the hub makes of it. `other` has its name beside it. */
function licenceOf({ cardData, tags }: z.infer<typeof infoSchema>): string | undefined {
  const tag = tags.find((each) => each.startsWith('license:'))?.slice('license:'.length);
  const named = cardData === undefined ? tag : [cardData.license].flat().join(', ');
  const licence = named === 'other' ? (cardData?.license_name ?? named) : named;
  // It is printed.
  return licence !== undefined && /^[\w.,: +()/-]{1,100}$/.test(licence) ? licence : undefined;
}
