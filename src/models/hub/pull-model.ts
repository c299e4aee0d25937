import { join } from 'node:path';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { stoppable } from '../../signals/stoppable.ts';
import type { Dtype } from '../dtype.ts';
import { namePattern } from '../model-folder.ts';
import { chooseFiles } from './choose-files.ts';
import { gatherFiles, type PullEvent } from './gather-files.ts';
import type { HubAccess } from './hub-access.ts';
import { hubUnreachable } from './hub-unreachable.ts';
import { inspectPlace, requireSameSource, type Place } from './inspect-place.ts';
import { listRepositoryFiles } from './list-repository-files.ts';
import { makeFolder } from './make-folder.ts';
import { addToModel, placeModel } from './place-model.ts';
import type { PullRecord } from './pull-record.ts';
import { readRepository, type Repository } from './read-repository.ts';
import { StagingFolder } from './staging-folder.ts';
import { PassingFailure } from './with-retries.ts';

export interface PullOptions {
  readonly modelsPath: string;
  readonly hub: HubAccess;
  /** Asks nobody, and fails. */
  readonly isOffline?: boolean;
  /** As `owner/name`. */
  readonly repository: string;
  /**
   * A branch, tag or commit.
   * @default 'main'
   */
  readonly revision?: string | undefined;
  readonly dtypes: readonly Dtype[];
  /**
   * What the model's folder is to be called.
   * @default the repository's last part
   */
  readonly name?: string | undefined;
  /** Stops the pull; what has arrived stays for the next one. */
  readonly signal: AbortSignal;
  readonly onEvent?: (event: PullEvent) => void;
}

export interface PulledModel {
  readonly name: string;
  readonly path: string;
  /** `unchanged` when all of it was there already, `added` when the model was and lacked something. */
  readonly outcome: 'pulled' | 'added' | 'unchanged';
  readonly record: PullRecord;
}

/**
 * Pulls a model from a hub: resolves the revision to a commit, gathers the files that embedhouse reads in a hidden folder,
 * checks each against the hub's digest, and moves the model to its place when it is whole. Pulled again it goes on where
 * it stopped, or adds dtypes to the model that is there.
 *
 * @throws HUB_UNREACHABLE when there is no way to the hub.
 * @throws MODEL_PULL_FAILED when the hub refuses or has not what was asked for, a file is damaged, another process pulls
 *   the model, or another model has the name.
 * @throws FILE_UNUSABLE when the disk is full or cannot be written.
 * @throws CANCELLED when the signal stops it.
 */
export async function pullModel(options: PullOptions): Promise<PulledModel> {
  const { repository, revision = 'main', modelsPath, signal } = options;
  const name = options.name ?? repository.slice(repository.indexOf('/') + 1);
  if (!namePattern.test(name)) {
    throw new EmbedhouseError(
      'USAGE',
      `'${name}' cannot be the name of a model's folder, which has letters, digits, '.', '_' and '-' only; choose another with --as`,
    );
  }
  const place = { name, path: join(modelsPath, name) };
  const stopped = `the pull of ${repository} was stopped; pull it again to go on from there`;
  return stoppable(signal, stopped, async () => {
    try {
      return await pull(place, { ...options, revision });
    } catch (error) {
      if (error instanceof PassingFailure) {
        throw new EmbedhouseError(
          'MODEL_PULL_FAILED',
          `${repository} could not be pulled whole from ${options.hub.url}, tried again and again: ${error.message}; pull it again to go on from there`,
          { cause: error },
        );
      }
      throw error;
    }
  });
}

async function pull(place: Place, options: PullOptions & { revision: string }): Promise<PulledModel> {
  const { hub, revision, dtypes, modelsPath, signal, onEvent } = options;
  const onRetry = (failure: PassingFailure): void => onEvent?.({ type: 'retry', reason: failure.message });
  await inspectPlace(place);
  const repository = await ask(place, options, onRetry);
  const listed = await listRepositoryFiles({ hub, repository, signal, onRetry });
  const files = chooseFiles({ repository: repository.repository, files: listed, dtypes });
  await makeFolder(modelsPath);
  await using staging = await StagingFolder.open(modelsPath, place.name);
  await staging.removeOutdated(listed);
  // Again: now nobody else pulls it.
  const existing = await inspectPlace(place);
  if (existing !== undefined) {
    requireSameSource(place, existing, repository);
  }
  const { contents, gathered } = await gatherFiles({ ...options, place, repository, staging, files, onRetry });
  const all = [...new Set([...(existing?.dtypes ?? []), ...dtypes])];
  if (existing !== undefined && gathered.length === 0 && all.length === existing.dtypes.length) {
    return { ...place, outcome: 'unchanged', record: existing };
  }
  const record: PullRecord = {
    hub: hub.url,
    repository: repository.repository,
    revision,
    commit: repository.commit,
    ...(repository.licence !== undefined && { licence: repository.licence }),
    dtypes: all,
    pulledAt: new Date().toISOString(),
    files: { ...existing?.files, ...contents },
  };
  signal.throwIfAborted();
  if (existing === undefined) {
    await placeModel(staging, place, record);
  } else {
    await addToModel(staging, place, { record, gathered });
  }
  await staging.empty();
  return { ...place, outcome: existing === undefined ? 'pulled' : 'added', record };
}

async function ask(
  place: Place,
  { hub, isOffline, repository, revision, signal }: PullOptions & { revision: string },
  onRetry: (failure: PassingFailure) => void,
): Promise<Repository> {
  if (isOffline) {
    throw hubUnreachable({ hub, repository, place, reason: 'HF_HUB_OFFLINE is set' });
  }
  try {
    return await readRepository({ hub, repository, revision, signal, onRetry });
  } catch (error) {
    throw error instanceof PassingFailure && error.isUnreachable
      ? hubUnreachable({ hub, repository, place, reason: error.message })
      : error;
  }
}
