import { openModelFolder, type ModelFolder } from '../models/model-folder.ts';
import { openImageTower, type ImageTower } from '../models/image-tower.ts';
import { openTextTower, type TextTower } from '../models/text-tower.ts';
import type { TowerOptions } from '../models/open-tower.ts';
import type { EncodeRequest, LoadedTower, ModelReference } from './encoder-messages.ts';

type Request = Pick<EncodeRequest, 'model' | 'reference' | 'isWide'>;

interface OpenTower<T> {
  /** See `TowerReference`. */
  towerKey: string;
  fingerprint: string;
  lastUsedAt: number;
  opening: Promise<T>;
  loaded?: LoadedTower;
}

/**
 * The towers that an encoder process holds: each opened once for every model, dtype and number of threads, and anew
 * when the model has changed on disk; what failed to open is tried again by the next run. Runs are serial: none uses a
 * tower that is closed for its successor.
 */
export class OpenTowers {
  readonly #threads: { narrow: number; wide: number };
  readonly #onLoaded: (loaded: LoadedTower[]) => void;
  readonly #folders = new Map<string, { fingerprint: string; opening: Promise<ModelFolder> }>();
  readonly #texts = new Map<string, OpenTower<TextTower>>();
  readonly #images = new Map<string, OpenTower<ImageTower>>();

  /** `onLoaded` is told all that is open whenever that has changed. */
  constructor(
    { threads, wideThreads }: { threads: number; wideThreads: number },
    onLoaded: (loaded: LoadedTower[]) => void,
  ) {
    this.#threads = { narrow: threads, wide: wideThreads };
    this.#onLoaded = onLoaded;
  }

  async folder({ modelsPath, name, fingerprint }: ModelReference): Promise<ModelFolder> {
    const key = JSON.stringify([modelsPath, name]);
    const known = this.#folders.get(key);
    if (known?.fingerprint === fingerprint) {
      return known.opening;
    }
    const opening = openModelFolder(modelsPath, name);
    this.#folders.set(key, { fingerprint, opening });
    opening.catch(() => this.#folders.delete(key));
    return opening;
  }

  async text(request: Request): Promise<TextTower> {
    return this.#get(this.#texts, 'text', openTextTower, request);
  }

  async image(request: Request): Promise<ImageTower> {
    return this.#get(this.#images, 'image', openImageTower, request);
  }

  /** Closes the towers that no run has used for so long; of a process with other work, not all memory comes back. */
  async closeUnused(idleMs: number): Promise<void> {
    if (await this.#close(({ lastUsedAt }) => Date.now() - lastUsedAt >= idleMs)) {
      this.#tellLoaded();
    }
  }

  /** Closes the towers of these keys, and tells what is left in any case: somebody waits for their memory. */
  async unload(keys: readonly string[]): Promise<void> {
    await this.#close(({ towerKey }) => keys.includes(towerKey));
    this.#tellLoaded();
  }

  async #close(isMeant: (tower: OpenTower<AsyncDisposable>) => boolean): Promise<boolean> {
    let hasClosed = false;
    for (const towers of [this.#texts, this.#images]) {
      for (const [key, tower] of towers) {
        if (isMeant(tower)) {
          towers.delete(key);
          await (await tower.opening)[Symbol.asyncDispose]();
          hasClosed = true;
        }
      }
    }
    return hasClosed;
  }

  #tellLoaded(): void {
    this.#onLoaded([...this.#texts.values(), ...this.#images.values()].flatMap(({ loaded }) => loaded ?? []));
  }

  async #get<T extends AsyncDisposable>(
    towers: Map<string, OpenTower<T>>,
    tower: 'text' | 'image',
    open: (folder: ModelFolder, options: TowerOptions) => Promise<T>,
    { model, reference, isWide }: Request,
  ): Promise<T> {
    const { modelsPath, name, dtype, fingerprint } = model;
    const { key: towerKey, preparedGraph, bytes } = reference;
    const threads = isWide ? this.#threads.wide : this.#threads.narrow;
    const key = JSON.stringify([modelsPath, name, dtype, threads]);
    const known = towers.get(key);
    if (known?.fingerprint === fingerprint) {
      known.lastUsedAt = Date.now();
      return known.opening;
    }
    const startedAt = performance.now();
    const opening = (async () => {
      await (await known?.opening)?.[Symbol.asyncDispose]();
      return open(await this.folder(model), { dtype, threads, preparedGraph });
    })();
    const opened: OpenTower<T> = { towerKey, fingerprint, lastUsedAt: Date.now(), opening };
    towers.set(key, opened);
    try {
      const result = await opening;
      const loadMs = Math.round(performance.now() - startedAt);
      const isMapped = preparedGraph !== undefined;
      opened.loaded = { key: towerKey, model: name, dtype, tower, threads, loadMs, bytes, isMapped };
      this.#tellLoaded();
      return result;
    } catch (error) {
      towers.delete(key);
      this.#tellLoaded();
      throw error;
    }
  }
}
