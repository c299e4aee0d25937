import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, readdir, readlink, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { namePattern } from '../model-folder.ts';
import { StagingFolder, stagingPathOf } from './staging-folder.ts';

/** What stands under a model's name, to be shown before it is removed. */
export interface Removable {
  readonly name: string;
  readonly path: string;
  /** `unfinished`: only what an interrupted pull or removal left. */
  readonly kind: 'folder' | 'link' | 'unfinished';
  /** Where the link leads, which stays. */
  readonly target?: string;
  /** Of the files that go, in all. */
  readonly sizeBytes: number;
}

const removedPattern = /^\.removed-[0-9a-f]{8}-(?<name>.+)$/;

/**
 * Looks up what removing a model would remove. A broken model can be removed like any other.
 *
 * @throws MODEL_NOT_INSTALLED when there is nothing of that name, or the name is not that of a folder.
 * @throws FILE_UNUSABLE when a file stands there.
 */
export async function findRemovable(modelsPath: string, name: string): Promise<Removable> {
  if (!namePattern.test(name)) {
    throw new EmbedhouseError(
      'MODEL_NOT_INSTALLED',
      `'${name}' is not a model name, which is that of a folder in ${modelsPath}; see the models with 'embedhouse models list'`,
    );
  }
  const path = join(modelsPath, name);
  const leftovers = await findRemoved(modelsPath, name);
  if (existsSync(stagingPathOf(modelsPath, name))) {
    leftovers.push(stagingPathOf(modelsPath, name));
  }
  const leftBytes = sum(await Promise.all(leftovers.map(sizeOf)));
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) {
    if (leftovers.length > 0) {
      return { name, path, kind: 'unfinished', sizeBytes: leftBytes };
    }
    throw new EmbedhouseError(
      'MODEL_NOT_INSTALLED',
      `there is no model '${name}' in ${modelsPath}; see the models with 'embedhouse models list'`,
    );
  }
  if (found.isSymbolicLink()) {
    return { name, path, kind: 'link', target: await readlink(path), sizeBytes: leftBytes };
  }
  if (!found.isDirectory()) {
    throw new EmbedhouseError('FILE_UNUSABLE', `${path} is a file, not a model's folder; remove it yourself`);
  }
  return { name, path, kind: 'folder', sizeBytes: leftBytes + (await sizeOf(path)) };
}

/**
 * Removes a model and what interrupted pulls of it left. It is hidden first, so that nobody opens half a model; of a link
 * the target stays.
 *
 * @throws MODEL_PULL_FAILED when a process is pulling it.
 * @throws FILE_UNUSABLE when it cannot be removed.
 */
export async function removeModel(modelsPath: string, { name, path, kind }: Removable): Promise<void> {
  // Nobody may gather what is being removed.
  await using staging = await StagingFolder.open(modelsPath, name);
  try {
    if (kind === 'link') {
      await unlink(path);
    }
    if (kind === 'folder') {
      await rename(path, join(modelsPath, `.removed-${randomBytes(4).toString('hex')}-${name}`));
    }
    await staging.empty();
    for (const leftover of await findRemoved(modelsPath, name)) {
      await rm(leftover, { recursive: true, force: true });
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmbedhouseError('FILE_UNUSABLE', `${path} cannot be removed (${reason})`, { cause });
  }
}

/** What removals hid that were then interrupted. */
async function findRemoved(modelsPath: string, name: string): Promise<string[]> {
  const names = await readdir(modelsPath).catch((): string[] => []);
  return names
    .filter((each) => removedPattern.exec(each)?.groups?.['name'] === name)
    .map((each) => join(modelsPath, each));
}

/** Of the files below a folder, without following links. */
async function sizeOf(path: string): Promise<number> {
  const sizes: number[] = [];
  for (const file of await readdir(path, { recursive: true })) {
    const found = await lstat(join(path, file)).catch(() => undefined);
    sizes.push(found?.isFile() ? found.size : 0);
  }
  return sum(sizes);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
