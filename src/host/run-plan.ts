import type { TextSpec } from '../models/text-spec.ts';

/** What bounds one run of a tower. */
export interface RunLimits {
  /** Padded tokens: rows times the longest row's tokens. */
  maxTokens: number;
  maxRows: number;
  /** Whether rows of one length only share a run: see `padding` of `TextSpec`. */
  equalLengths?: boolean;
}

/**
 * Limits by measure (docs/performance.md): from about 256 tokens a run the text tower gains little more, and what waits
 * behind a run waits longer; 4 to 8 images is the vision tower's best. They also bound the runtime's memory, which keeps
 * its largest run.
 */
export const textRunLimits: RunLimits = { maxTokens: 256, maxRows: 128 };
export const imageRunLimits: RunLimits = { maxTokens: Number.POSITIVE_INFINITY, maxRows: 4 };

/** The limits of a text tower. */
export function limitsOfTexts({ padding }: Pick<TextSpec, 'padding'>): RunLimits {
  return { ...textRunLimits, equalLengths: padding === 'none' };
}

interface Plannable {
  tower: { key: string; limits: RunLimits };
  length: number;
}

/** A run that is being put together. A row longer than the limit is a run of its own. */
export class RunPlan<T extends Plannable> {
  readonly members: T[] = [];
  #longest = 0;
  #isFull = false;

  /** Whether a row was left out because it did not fit. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Takes rows from the front of `rows`, as many as belong into this run and fit; answers how many. */
  fill(rows: readonly T[]): number {
    let taken = 0;
    for (const row of rows) {
      if (!this.#fits(row)) {
        break;
      }
      this.#longest = Math.max(this.#longest, row.length);
      this.members.push(row);
      taken++;
    }
    return taken;
  }

  #fits({ tower, length }: T): boolean {
    const [first] = this.members;
    if (first === undefined) {
      return true;
    }
    if (first.tower.key !== tower.key) {
      return false;
    }
    const { maxTokens, maxRows, equalLengths = false } = first.tower.limits;
    const rows = this.members.length + 1;
    this.#isFull ||=
      rows > maxRows || rows * Math.max(this.#longest, length) > maxTokens || (equalLengths && length !== first.length);
    return !this.#isFull;
  }
}
