import type { Engine } from '../../engine/engine.ts';
import { quoteString } from '../../engine/quote-string.ts';
import { isOfTable, tableSql, type TargetTable } from '../table-name.ts';
import type { CheckedPart } from './laion-part.ts';

/** What became of a part: `loading` is one whose rows are being put into the table, or were when the load was killed. */
export type PartState = 'loading' | 'loaded' | 'left out';

const suffix = '_parts';

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
      this.#stop,
    );
  }

  /** Reads the states of all parts; of none where there is no ledger. */
  async read(): Promise<Map<number, PartState>> {
    const [table] = await this.#engine.rows(
      `SELECT 1 FROM system.tables WHERE ${isOfTable(this.#table, suffix, 'name')}`,
      this.#stop,
    );
    if (table === undefined) return new Map();
    const rows = await this.#engine.rows<{ part: number; state: PartState }>(
      `SELECT part, state FROM ${tableSql(this.#table, suffix)} FINAL`,
      this.#stop,
    );
    return new Map(rows.map(({ part, state }) => [part, state]));
  }

  /** Writes what has become of a part that could be checked. */
  async write(part: CheckedPart, state: 'loading' | 'loaded', seconds = 0): Promise<void> {
    const { number, rows, bytes } = part;
    const files = [part.imagePath, part.textPath, part.metadataPath].map(quoteString).join(', ');
    await this.#insert(`(${number}, '${state}', ${rows}, ${bytes}, ${seconds}, '', ${files})`);
  }

  async writeLeftOut(part: number, reason: string): Promise<void> {
    await this.#insert(`(${part}, 'left out', 0, 0, 0, ${quoteString(reason)}, '', '', '')`);
  }

  async #insert(row: string): Promise<void> {
    const columns = 'part, state, rows, bytes, seconds, reason, image_file, text_file, metadata_file';
    await this.#engine.run(`INSERT INTO ${tableSql(this.#table, suffix)} (${columns}) VALUES ${row}`, this.#stop);
  }

  get #stop(): { signal?: AbortSignal } {
    return this.#signal === undefined ? {} : { signal: this.#signal };
  }
}
