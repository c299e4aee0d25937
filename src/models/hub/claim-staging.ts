import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from '../process-identity.ts';
import { unwritable } from './unwritable.ts';

/** The sole use of a staging folder. */
export interface Claim extends AsyncDisposable {
  release: () => Promise<void>;
}

const claimPattern = /^claim-(?<pid>\d+)-(?<startedAt>\d+)$/;
const tries = 6;
const maxWaitMs = 60;

/**
 * Claims a staging folder, which is made if needed in the folder of models, for this process. Each process puts down a claim that has its own name,
 * and then looks for others': of two at least one sees the other's, and takes its own away. So two never hold the folder,
 * and the claim of a dead process is removed without a race, since no other process will ever have its name.
 *
 * @throws MODEL_PULL_FAILED when another process has it, which is named.
 * @throws FILE_UNUSABLE when the folder cannot be written.
 */
export async function claimStaging(path: string, model: string): Promise<Claim> {
  const own = ownIdentity();
  const ownPath = join(path, `claim-${own.pid}-${own.startedAt}`);
  for (let left = tries; ; left--) {
    const isOwn = await putClaim(path, ownPath);
    const others = isOwn ? await findOthers(path, own) : [own];
    if (isOwn && others.length === 0) {
      const release = async (): Promise<void> => rm(ownPath, { force: true });
      return { release, [Symbol.asyncDispose]: release };
    }
    if (isOwn) {
      await rm(ownPath, { force: true });
    }
    if (left === 1 || !isOwn) {
      // The one that was there first: others may just be looking, as this one.
      const holder = others.toSorted((a, b) => a.startedAt - b.startedAt)[0] ?? own;
      throw new EmbedhouseError(
        'MODEL_PULL_FAILED',
        `process ${holder.pid} is pulling model '${model}' now; wait until it is done, or stop it`,
      );
    }
    // Of two that came at the same time both have stepped back.
    await sleep(Math.random() * maxWaitMs);
  }
}

/** Answers whether the claim was put down: not when this very process has one. */
async function putClaim(path: string, ownPath: string): Promise<boolean> {
  for (let left = tries; ; left--) {
    try {
      await mkdir(path).catch(ignoreExisting);
      await (await open(ownPath, 'wx')).close();
      return true;
    } catch (cause) {
      if (existsSync(ownPath)) {
        return false;
      }
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      // Between the two, who had the folder may have removed it.
      if (code !== 'ENOENT' || left === 1) {
        throw unwritable(path, cause);
      }
    }
  }
}

function ignoreExisting(cause: unknown): void {
  if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) {
    throw cause;
  }
}

async function findOthers(path: string, own: ProcessIdentity): Promise<ProcessIdentity[]> {
  const others: ProcessIdentity[] = [];
  for (const name of await readdir(path)) {
    const { pid, startedAt } = claimPattern.exec(name)?.groups ?? {};
    const identity = { pid: Number(pid), startedAt: Number(startedAt) };
    if (pid === undefined || (identity.pid === own.pid && identity.startedAt === own.startedAt)) {
      continue;
    }
    if (isRunning(identity)) {
      others.push(identity);
    } else {
      await rm(join(path, name), { force: true });
    }
  }
  return others;
}
