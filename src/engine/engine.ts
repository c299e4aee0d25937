import type { Writable } from 'node:stream';

/** The format of results that have no other. */
export const defaultFormat = 'TabSeparated';

/** How far the running statement is, as ClickHouse counts. */
export interface QueryProgress {
  /** Position of the statement in the text, from 0. */
  statementIndex: number;
  readRows: number;
  readBytes: number;
  /** ClickHouse's estimate of the rows it will read; 0 when it has none. */
  totalRows: number;
  elapsedSeconds: number;
}

export interface QueryOptions {
  /** Format of results whose statement names none; one of ClickHouse's. @default 'TabSeparated' */
  format?: string;
  /** Values of `{name:Type}` in the statements, in the notation of clickhouse-client's `--param_<name>`. */
  params?: Readonly<Record<string, string>>;
  /** Cancels the running statement; the call then fails with `QUERY_CANCELLED`. */
  signal?: AbortSignal | undefined;
  /** Called about five times a second while a statement runs; asking begins 300 ms after its start. */
  onProgress?: (progress: QueryProgress) => void;
}

export interface RunOptions extends QueryOptions {
  /**
   * Receives the results; is not ended. A reader that has gone away (EPIPE, or a destroyed stream) cancels the rest
   * without an error. Without it the results are read and dropped.
   */
  output?: Writable;
}

export interface InsertOptions {
  /** The data's format; one of ClickHouse's, such as `Native`. */
  format: string;
  /** Not of the same engine's `stream`, which would wait for the insert's end. */
  data: AsyncIterable<Uint8Array>;
  /** Cancels the insert; the call then fails with `QUERY_CANCELLED`. */
  signal?: AbortSignal | undefined;
}

/**
 * Something that runs ClickHouse SQL: the embedded engine, or a server, of which every call can fail with
 * `SERVER_UNREACHABLE` too.
 */
export interface Engine extends AsyncDisposable {
  /** ClickHouse's version, such as `26.7.2.1`. */
  readonly version: string;

  /**
   * Runs one or several statements, one after the other in the engine's session (settings, parameters and temporary
   * tables live on in later calls), and yields their results as they come, unchanged. Calls wait for one another;
   * leaving the loop early cancels what runs.
   *
   * @throws QueryError (`QUERY_FAILED`) with ClickHouse's code; `QUERY_CANCELLED`
   */
  stream(sql: string, options?: QueryOptions): AsyncIterableIterator<Uint8Array>;

  /** Runs like `stream` and writes to `options.output`, waiting while it is full. */
  run(sql: string, options?: RunOptions): Promise<void>;

  /**
   * Inserts data as it comes, as one statement in the engine's session. `into` is what follows INSERT INTO: a table, and
   * columns in brackets where the data does not have all of them.
   *
   * @throws QueryError (`QUERY_FAILED`) with ClickHouse's code; `QUERY_CANCELLED`; what `data` throws, and then nothing
   *   is inserted; a server keeps the full blocks of 1 GiB of a larger insert
   */
  insert(into: string, options: InsertOptions): Promise<void>;

  /**
   * Runs one statement in a session of its own, beside whatever else runs, and returns its rows as objects. They are
   * collected: for small results. 64-bit integers come as JSON numbers.
   *
   * @throws QueryError (`QUERY_FAILED`) with ClickHouse's code; `QUERY_CANCELLED`
   */
  rows<Row>(sql: string, options?: Pick<QueryOptions, 'params' | 'signal'>): Promise<Row[]>;

  /** Makes ClickHouse read the function files again, and start their pools anew. */
  reloadFunctions(): Promise<void>;

  /** Cancels what runs, ends the functions' scripts and frees the data folder. A second call waits for the first. */
  close(): Promise<void>;
}
