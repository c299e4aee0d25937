import type { Batch } from '../formats/rows/batch.ts';
import { describeValue, ValueError } from '../formats/types/value-error.ts';
import type { Runner, RunnerOptions } from './row-runner.ts';

/** A function of many rows: takes an array for each argument, and gives an array with one result a row. */
export type BlockFunction = (...columns: never[]) => unknown;

/** Runs a function over whole blocks, or over up to `maxRows` rows at a time. */
export class BlockRunner implements Runner {
  readonly #run: (...columns: unknown[][]) => unknown;
  readonly #maxRows: number;
  /** Whether the end of a block is announced; else what has arrived is one. */
  readonly #hasEnds: boolean;
  readonly #options: RunnerOptions;
  #columns: unknown[][] = [];
  #rows = 0;
  #firstRow = 1;

  constructor(run: BlockFunction, limits: { maxRows: number; hasEnds: boolean }, options: RunnerOptions) {
    this.#run = run as (...columns: unknown[][]) => unknown; // What it takes is what the definition declares.
    this.#maxRows = limits.maxRows;
    this.#hasEnds = limits.hasEnds;
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#rows > 0;
  }

  async push({ columns, rows }: Batch, firstRow: number): Promise<void> {
    if (this.#rows === 0) this.#firstRow = firstRow;
    for (let start = 0; start < rows;) {
      const end = Math.min(rows, start + this.#maxRows - this.#rows);
      for (const [index, column] of columns.entries()) {
        const collected = (this.#columns[index] ??= []);
        for (let row = start; row < end; row++) collected.push(column[row]);
      }
      this.#rows += end - start;
      start = end;
      if (this.#rows >= this.#maxRows) await this.#flush();
    }
  }

  async pause(): Promise<void> {
    if (!this.#hasEnds) await this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#rows === 0) return;
    const columns = this.#columns;
    const rows = this.#rows;
    const firstRow = this.#firstRow;
    const { answer, fail } = this.#options;
    let results: ArrayLike<unknown>;
    try {
      results = checkResults(await this.#run(...columns), rows);
    } catch (error) {
      results = fail(error, { row: firstRow, rows, values: rows === 1 ? columns.map(([value]) => value) : [] });
    }
    this.#columns = [];
    this.#rows = 0;
    this.#firstRow += rows;
    await answer(Array.from(results), (index) => ({
      row: firstRow + index,
      rows: 1,
      values: columns.map((column) => column[index]),
    }));
  }
}

function checkResults(results: unknown, rows: number): ArrayLike<unknown> {
  const isList = Array.isArray(results) || (ArrayBuffer.isView(results) && !(results instanceof DataView));
  const list = isList ? (results as unknown as ArrayLike<unknown>) : undefined; // Arrays and typed arrays are.
  if (list?.length === rows) return list;
  const found = list === undefined ? describeValue(results) : `${list.length} results`;
  throw new ValueError(`expected an array with one result for each of ${rows} rows, got ${found}`);
}
