/** How much is measured. */
export interface Settings {
  readonly name: 'full' | 'quick';
  /** Rounds of each throughput figure. */
  readonly rounds: number;
  /** Texts of one bulk query. */
  readonly bulkTexts: number;
  /** Texts of the naive script in one round: it is the same for each text. */
  readonly naiveTexts: number;
  /** Images of one bulk query. */
  readonly bulkImages: number;
  /** Images of the larger sizes. */
  readonly largeImages: number;
  /** Texts of one round of the Python script. */
  readonly pythonTexts: number;
  /** Single queries of each latency figure. */
  readonly queries: number;
  /** The longest time for the queries beside a bulk load. */
  readonly besideBulkMs: number;
  readonly concurrentTexts: number;
  readonly memoryTexts: number;
  readonly memoryImages: number;
  readonly coldStarts: number;
  /** Rows of one query with a trivial function. */
  readonly udfRows: number;
}

export const fullSettings: Settings = {
  name: 'full',
  rounds: 5,
  bulkTexts: 2000,
  naiveTexts: 100,
  bulkImages: 96,
  largeImages: 24,
  pythonTexts: 80,
  queries: 200,
  besideBulkMs: 60_000,
  concurrentTexts: 1600,
  memoryTexts: 50_000,
  memoryImages: 2000,
  coldStarts: 5,
  udfRows: 2_000_000,
};

export const quickSettings: Settings = {
  name: 'quick',
  rounds: 2,
  bulkTexts: 800,
  naiveTexts: 40,
  bulkImages: 48,
  largeImages: 8,
  pythonTexts: 40,
  queries: 40,
  besideBulkMs: 15_000,
  concurrentTexts: 480,
  memoryTexts: 3000,
  memoryImages: 100,
  coldStarts: 2,
  udfRows: 500_000,
};
