import type { Engine } from '../../engine/engine.ts';
import { quoteString } from '../../engine/quote-string.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { isOfTable, tableSql, type TargetTable } from '../table-name.ts';
import type { CheckedPart } from './laion-part.ts';

/** What is known of a part. */
export interface LedgerEntry {
  /** `loading` is a part whose rows are being put into the table, or were when the load was killed. */
  state: 'loading' | 'loaded' | 'left out';
  rows: number;
  /** Of the files that it was loaded from. */
  bytes: number;
  imageFile: string;
}

const suffix = '_parts';
const writtenColumns = 'part, state, rows, bytes, seconds, reason, image_file, text_file, metadata_file';

/**
 * The table `<table>_parts`, which says in SQL what has been loaded from which files: one row a part, the newest of those
 * with its number (`SELECT … FINAL`).
 */
export class PartLedger {
  readonly #engine: Engine;
  readonly #table: TargetTable;
  readonly #signal: AbortSignal | undefined;

  constructor(engine: Engine, table: TargetTable, signal?: AbortSignal) {
    this.#engine = engine;
    this.#table = table;
    this.#signal = signal;
  }

  async create(): Promise<void> {
    await this.#engine.run(
      `CREATE TABLE IF NOT EXISTS ${tableSql(this.#table, suffix)}
      (
          part UInt32,
          state LowCardinality(String) COMMENT 'loading, loaded or left out',
          rows UInt64,
          bytes UInt64 COMMENT 'of the files',
          seconds Float32,
          reason String COMMENT 'why it is left out',
          image_file String,
          text_file String,
          metadata_file String,
          changed_at DateTime64(3) DEFAULT now64(3)
      )
      ENGINE = ReplacingMergeTree(changed_at)
      ORDER BY part
      COMMENT ${quoteString(`what embedhouse has loaded into ${this.#table.name}; read it with FINAL`)}`,
      { signal: this.#signal },
    );
  }

  /**
   * Reads what is known of all parts; nothing where there is no ledger.
   *
   * @throws EmbedhouseError `USAGE` when a table of that name is another
   */
  async read(): Promise<Map<number, LedgerEntry>> {
    const columns = await this.#engine.rows<{ name: string }>(
      `SELECT name FROM system.columns WHERE ${isOfTable(this.#table, suffix)}`,
      { signal: this.#signal },
    );
    if (columns.length === 0) return new Map();
    if (!['part', 'state', 'image_file', 'changed_at'].every((wanted) => columns.some(({ name }) => name === wanted))) {
      const message = `there is a table '${this.#table.name}${suffix}' that this command did not make, and needs the name of: rename it, or load into another table with --table`;
      throw new EmbedhouseError('USAGE', message);
    }
    const rows = await this.#engine.rows<LedgerEntry & { part: number }>(
      `SELECT part, state, rows, bytes, image_file AS imageFile FROM ${tableSql(this.#table, suffix)} FINAL`,
      { signal: this.#signal },
    );
    return new Map(rows.map(({ part, ...entry }) => [part, entry]));
  }

  /** Writes what has become of a part that could be checked. */
  async write(part: CheckedPart, state: 'loading' | 'loaded', seconds = 0): Promise<void> {
    const { number, rows, bytes } = part;
    const files = [part.imagePath, part.textPath, part.metadataPath].map(quoteString).join(', ');
    await this.#insert(`(${number}, '${state}', ${rows}, ${bytes}, ${seconds}, '', ${files})`);
  }

  /** Writes that a part, of which it has an entry, is loaded. */
  async writeLoaded(part: number): Promise<void> {
    const ledger = tableSql(this.#table, suffix);
    await this.#engine.run(
      `INSERT INTO ${ledger} (${writtenColumns})
      SELECT part, 'loaded', rows, bytes, seconds, reason, image_file, text_file, metadata_file
      FROM ${ledger} FINAL WHERE part = ${part}`,
      { signal: this.#signal },
    );
  }

  /** Only for a part of which the table has no rows: else what is known of those would be lost. */
  async writeLeftOut(part: number, reason: string): Promise<void> {
    await this.#insert(`(${part}, 'left out', 0, 0, 0, ${quoteString(reason)}, '', '', '')`);
  }

  async #insert(row: string): Promise<void> {
    // Not to be stopped: what has been done is to be known.
    await this.#engine.run(`INSERT INTO ${tableSql(this.#table, suffix)} (${writtenColumns}) VALUES ${row}`);
  }
}
