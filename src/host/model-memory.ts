import type { TowerReference } from './encoder-messages.ts';

/** A tower in the memory of an encoder process, or on its way there. */
export interface ResidentTower {
  /** Tells towers apart; see `QueuedTower`. */
  readonly key: string;
  /** Size of the graph with its weights. */
  readonly bytes: number;
  /** Whether the weights are mapped from a file, so that all sessions of all processes share one copy. */
  readonly isMapped: boolean;
  /** Whether a run is with the tower: it cannot be let go now. */
  readonly isBusy: boolean;
  /** Whether it is on its way out. */
  readonly isLeaving: boolean;
  readonly lastUsedAt: number;
}

/** Adds up the memory of towers: a mapped one counts once, however many sessions have it open. */
export function sumBytes(resident: readonly ResidentTower[]): number {
  const mapped = new Map(resident.filter(({ isMapped }) => isMapped).map(({ key, bytes }) => [key, bytes]));
  const own = resident.filter(({ isMapped }) => !isMapped).map(({ bytes }) => bytes);
  return [...mapped.values(), ...own].reduce((sum, bytes) => sum + bytes, 0);
}

/** The bytes that one more session of a tower takes. */
export function bytesOfOneMore(
  resident: readonly ResidentTower[],
  { key, bytes, preparedGraph }: TowerReference,
): number {
  return preparedGraph !== undefined && resident.some((tower) => tower.key === key && tower.isMapped) ? 0 : bytes;
}

/**
 * Chooses the towers to let go so that `bytes` more are free, beside what is on its way out already: the one unused for
 * longest first, with all its sessions, and no more than needed. Undefined while too many are busy for that.
 */
export function chooseUnused(resident: readonly ResidentTower[], bytes: number): string[] | undefined {
  const staying = resident.filter(({ isLeaving }) => !isLeaving);
  const keys = [...new Set(staying.map(({ key }) => key))];
  const sessionsOf = (key: string): ResidentTower[] => staying.filter((tower) => tower.key === key);
  const lastUse = (key: string): number => Math.max(...sessionsOf(key).map(({ lastUsedAt }) => lastUsedAt));
  const unused = keys
    .filter((key) => sessionsOf(key).every(({ isBusy }) => !isBusy))
    .toSorted((a, b) => lastUse(a) - lastUse(b));
  const chosen: string[] = [];
  let freed = sumBytes(resident) - sumBytes(staying);
  for (const key of unused) {
    if (freed >= bytes) break;
    freed += sumBytes(sessionsOf(key));
    chosen.push(key);
  }
  return freed >= bytes ? chosen : undefined;
}
