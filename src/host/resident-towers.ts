import type { LoadedTower, TowerReference } from './encoder-messages.ts';
import type { ResidentTower } from './model-memory.ts';

interface Resident {
  readonly tower: TowerReference;
  /** Threads of its runs: a tower may be open twice, for runs beside others and for those that have all threads. */
  readonly threads: number;
  readonly lastUsedAt: number;
  isLeaving: boolean;
}

/** A run that is with the process, and the threads it runs on. */
export interface TowerRun {
  readonly tower: TowerReference;
  readonly threads: number;
}

/** The host's account of the towers that one encoder process holds, or will hold after the runs that are with it. */
export class ResidentTowers {
  readonly #resident = new Map<string, Resident>();
  #loaded: readonly LoadedTower[] = [];
  #loads = 0;
  #unloads = 0;

  /** What the process has said it holds. */
  get loaded(): readonly LoadedTower[] {
    return this.#loaded;
  }

  /** Towers that were loaded, and let go, since the start. */
  get counts(): { loads: number; unloads: number } {
    return { loads: this.#loads, unloads: this.#unloads };
  }

  /** `runs` are those that are with the process. */
  list(runs: readonly TowerRun[]): ResidentTower[] {
    const running = new Set(runs.map(({ tower }) => tower.key));
    return [...this.#resident.values()].map(({ tower: { key, bytes, preparedGraph }, isLeaving, lastUsedAt }) => ({
      key,
      bytes,
      isMapped: preparedGraph !== undefined,
      isBusy: running.has(key),
      isLeaving,
      lastUsedAt,
    }));
  }

  /** Whether a run on so many threads finds the tower in memory. */
  holds({ key }: TowerReference, threads: number): boolean {
    return this.#resident.get(residentKey(key, threads))?.isLeaving === false;
  }

  /** Whether towers are on their way out. */
  get areLeaving(): boolean {
    return [...this.#resident.values()].some(({ isLeaving }) => isLeaving);
  }

  /** Notes that a run of the tower is on its way, which loads it if need be. */
  use({ tower, threads }: TowerRun): void {
    this.#resident.set(residentKey(tower.key, threads), { tower, threads, isLeaving: false, lastUsedAt: Date.now() });
  }

  /** Notes that the process was asked to let towers go. */
  leave(keys: readonly string[]): void {
    for (const resident of this.#resident.values()) {
      if (keys.includes(resident.tower.key)) {
        resident.isLeaving = true;
      }
    }
  }

  /** Takes the process's word for what it holds. */
  setLoaded(loaded: readonly LoadedTower[], runs: readonly TowerRun[]): void {
    const present = new Set(loaded.map(({ key, threads }) => residentKey(key, threads)));
    const before = new Set(this.#loaded.map(({ key, threads }) => residentKey(key, threads)));
    this.#loads += [...present].filter((key) => !before.has(key)).length;
    this.#unloads += [...before].filter((key) => !present.has(key)).length;
    this.#loaded = loaded;
    this.forgetAbsent(runs);
  }

  /** Forgets what the process does not hold; what a run is with may be about to load. */
  forgetAbsent(runs: readonly TowerRun[]): void {
    const expected = new Set([
      ...this.#loaded.map(({ key, threads }) => residentKey(key, threads)),
      ...runs.map(({ tower, threads }) => residentKey(tower.key, threads)),
    ]);
    for (const key of this.#resident.keys()) {
      if (!expected.has(key)) {
        this.#resident.delete(key);
      }
    }
  }

  /** Forgets all: the process has ended. */
  clear(): void {
    this.setLoaded([], []);
  }
}

function residentKey(towerKey: string, threads: number): string {
  return `${threads} ${towerKey}`;
}
