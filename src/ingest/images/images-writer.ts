import type { Engine } from '../../engine/engine.ts';
import { requireNotFull } from '../free-space.ts';
import type { Outcome } from './embed-images.ts';
import {
  encodeFailure,
  encodeImageRow,
  failureColumns,
  imageColumns,
  type Failure,
  type ImageRow,
} from './image-row.ts';
import type { ImageTables } from './images-table.ts';
import { inLists } from './sql-text.ts';

/** An insert makes a part, which ClickHouse has to merge with others later; what is not inserted is lost by a kill. */
const rowsPerInsert = 256;
const longestWaitMs = 15_000;

/**
 * Writes rows and failures, some hundred at a time. What a file had before is deleted first, from both tables: whenever
 * that is broken off, a file is in the tables once or not at all, and the next run finds it new.
 */
export class ImagesWriter {
  readonly #engine: Engine;
  readonly #tables: ImageTables;
  readonly #storedFailures: ReadonlySet<string>;
  #rows: ImageRow[] = [];
  #failures: Failure[] = [];
  /** Images whose rows are not, or no longer, as their files are. */
  #replaced: string[] = [];
  #flushedAt = performance.now();

  constructor(engine: Engine, tables: ImageTables, storedFailures: Iterable<string>) {
    this.#engine = engine;
    this.#tables = tables;
    this.#storedFailures = new Set(storedFailures);
  }

  async add(outcomes: readonly Outcome[]): Promise<void> {
    for (const outcome of outcomes) {
      const { path, bytes, modified, isStored } = outcome.image;
      if (isStored) this.#replaced.push(path);
      if (outcome.type === 'row') this.#rows.push(outcome.row);
      else this.#failures.push({ path, bytes, modified, reason: outcome.reason });
    }
    const isOld = performance.now() - this.#flushedAt > longestWaitMs;
    if (isOld || this.#rows.length + this.#failures.length >= rowsPerInsert) await this.flush();
  }

  async addFailures(failures: readonly Failure[]): Promise<void> {
    this.#failures.push(...failures);
    await this.flush();
  }

  /** Writes what has been added; it is not to be stopped, so that what was computed is kept. */
  async flush(): Promise<void> {
    await requireNotFull(this.#engine, this.#tables.storagePolicy);
    const [rows, failures, replaced] = [this.#rows, this.#failures, this.#replaced];
    [this.#rows, this.#failures, this.#replaced] = [[], [], []];
    const { images, failures: failureTable } = this.#tables;
    await this.#delete(images, replaced);
    await this.#insert(images, imageColumns, rows.map(encodeImageRow));
    const written = [...rows, ...failures].map(({ path }) => path);
    await this.deleteFailures(written.filter((path) => this.#storedFailures.has(path)));
    const now = Math.floor(Date.now() / 1000);
    await this.#insert(
      failureTable,
      failureColumns,
      failures.map((failure) => encodeFailure(failure, now)),
    );
    this.#flushedAt = performance.now();
  }

  async deleteImages(paths: readonly string[]): Promise<void> {
    await this.#delete(this.#tables.images, paths);
  }

  async deleteFailures(paths: readonly string[]): Promise<void> {
    await this.#delete(this.#tables.failures, paths);
  }

  async #delete(table: string, paths: readonly string[]): Promise<void> {
    for (const list of inLists(paths)) await this.#engine.run(`DELETE FROM ${table} WHERE path IN (${list})`);
  }

  async #insert(table: string, columns: Record<string, string>, rows: Buffer[]): Promise<void> {
    if (rows.length === 0) return;
    const into = `${table} (${Object.keys(columns).join(', ')})`;
    await this.#engine.insert(into, { format: 'RowBinary', data: inOneBlock(rows) });
  }
}

async function* inOneBlock(rows: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  yield* rows;
}
