import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openModelFolder, type ModelFolder } from '../../src/models/model-folder.ts';
import { modelsPath } from './fixtures.ts';

/** What to change in a copy of a recorded model: fields of JSON files, a whole file's content, or none: no such file. */
export type Changes = Record<string, Record<string, unknown> | unknown[] | undefined>;

/** Opens copies of recorded models with changes, in a folder of their own. */
export class ChangedModels {
  readonly #path: string;
  #copies = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  static async create(): Promise<ChangedModels> {
    return new ChangedModels(await mkdtemp(join(tmpdir(), 'embedhouse-changed-')));
  }

  async remove(): Promise<void> {
    await rm(this.#path, { recursive: true });
  }

  /** Copies a recorded model, changes the copy and opens it. */
  async open(model: string, changes: Changes): Promise<ModelFolder> {
    const name = `copy-${this.#copies++}`;
    await cp(join(modelsPath, model), join(this.#path, name), { recursive: true });
    for (const [file, change] of Object.entries(changes)) {
      const path = join(this.#path, name, file);
      if (change === undefined) {
        await rm(path);
      } else if (Array.isArray(change)) {
        await writeFile(path, JSON.stringify(change));
      } else {
        const content: object = JSON.parse(await readFile(path, 'utf8').catch(() => '{}'));
        await writeFile(path, JSON.stringify({ ...content, ...change }));
      }
    }
    return openModelFolder(this.#path, name);
  }
}
