/** What `system.processes` says of a statement. */
export interface ProcessRow {
  readRows: number;
  readBytes: number;
  totalRows: number;
  elapsedSeconds: number;
}

/** Asks how far the statement is that the condition finds; answers one `ProcessRow`, or none. */
export const selectProcess = (condition: string): string =>
  'SELECT read_rows AS readRows, read_bytes AS readBytes, total_rows_approx AS totalRows,' +
  ` elapsed AS elapsedSeconds FROM system.processes WHERE ${condition} LIMIT 1`;

/** Asks ClickHouse to stop what the condition finds, without waiting for it: `KILL QUERY … SYNC` hangs in chdb. */
export const killProcess = (condition: string): string => `KILL QUERY WHERE ${condition} ASYNC`;
