/** How far a step is; ends when disposed of. */
export interface DemoProgress extends Disposable {
  update(done: number): void;
}

/** Where the demo tells what it does. */
export interface DemoReport {
  heading(title: string, sql?: string): void;
  progress(label: string, total: number): DemoProgress;
  /** A query's answer, as ClickHouse formats it for people. */
  result(table: string, seconds: number): void;
}
