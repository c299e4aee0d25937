import { lstat, readlink } from 'node:fs/promises';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { readPullRecord, type PullRecord } from './pull-record.ts';
import type { Repository } from './read-repository.ts';
import { unwritable } from './unwritable.ts';

export interface Place {
  readonly name: string;
  /** Of the model's folder, be it there or not. */
  readonly path: string;
}

/**
 * Looks at the place where a model is to be: answers what was pulled there, or undefined when nothing is there.
 *
 * @throws MODEL_PULL_FAILED when what is there was not pulled, or its record is damaged.
 * @throws FILE_UNUSABLE when a file is in the place of a folder.
 */
export async function inspectPlace({ name, path }: Place): Promise<PullRecord | undefined> {
  const found = await lstat(path).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      return undefined;
    }
    throw unwritable(path, cause);
  });
  if (found === undefined) {
    return undefined;
  }
  if (found.isSymbolicLink()) {
    throw occupied(name, `${path} is a link to ${await readlink(path)}`);
  }
  if (!found.isDirectory()) {
    throw new EmbedhouseError(
      'FILE_UNUSABLE',
      `${path} is a file, where the model's folder is to be; move it away, or choose another name with --as`,
    );
  }
  const record = await readPullRecord(path).catch((cause: unknown) => {
    throw cause instanceof EmbedhouseError ? occupied(name, `${path} has a damaged record of what was pulled`) : cause;
  });
  if (record === undefined) {
    throw occupied(name, `${path} is a model that was not pulled`);
  }
  return record;
}

/** @throws MODEL_PULL_FAILED when the folder was pulled from elsewhere, or is another commit */
export function requireSameSource({ name, path }: Place, record: PullRecord, wanted: Repository): void {
  if (record.repository !== wanted.repository) {
    throw occupied(name, `${path} was pulled from ${record.repository}`);
  }
  if (record.commit !== wanted.commit) {
    throw occupied(
      name,
      `${path} is ${record.repository} at commit ${record.commit.slice(0, 8)}, and not ${wanted.commit.slice(0, 8)} (to add to it, pull with --revision ${record.commit})`,
    );
  }
}

function occupied(name: string, what: string): EmbedhouseError {
  return new EmbedhouseError(
    'MODEL_PULL_FAILED',
    `${what}: remove it first with 'embedhouse models remove ${name}', or choose another name with --as`,
  );
}
