import type { CheckedPart, LeftOutPart } from './laion-part.ts';

/** What is to be loaded in all. */
export interface LaionTotals {
  parts: number;
  rows: number;
  /** Of the files. */
  bytes: number;
}

/** Where a load tells how far it is. */
export interface LaionReport {
  checking(done: number, total: number): void;
  leftOut(part: LeftOutPart): void;
  /** `rows` are those that the table has of it; a user may have deleted some. */
  wasLoaded(part: CheckedPart, rows: number): void;
  begin(totals: LaionTotals): void;
  beginPart(part: CheckedPart): void;
  /** How many rows of the part have been read. */
  rows(done: number): void;
  loaded(part: CheckedPart, seconds: number): void;
}
