/** What a query gives: its results, or the message of its error. */
type Outcome = readonly string[] | RegExp;

export interface Misbehaviour {
  /** What SQL says at first. */
  sql: Outcome;
  /** What SQL says the next time, a moment later, where that is something else or tells more. */
  next?: Outcome;
  /** What `functions test` says that ClickHouse would not be content with. */
  errors?: readonly RegExp[];
  /** What it remarks. */
  notes?: readonly RegExp[];
}

export interface CatalogueEntry {
  /** The name of the `executable` function; the pool's ends with `_pool`. */
  name: string;
  /** @default 3 */
  rows?: number;
  /** As long as each row's argument is, if not a digit. */
  argumentLength?: number;
  /** The query's expression, if not the call itself. */
  expression?: (call: string) => string;
  executable: Misbehaviour;
  pool: Misbehaviour;
}
