import type { EngineProcess } from '../processes/engine-process.ts';

/** Embeds every row of a table's column `value`; the vectors are computed and dropped. */
export function bulkQuery(functionName: string, table: string): string {
  return `SELECT ${functionName}(value) FROM ${table} FORMAT Null`;
}

/** Runs a bulk query twice before anything is timed: every encoder process loads its model, and warms up. */
export async function warmUp(engine: EngineProcess, functionName: string, values: readonly string[]): Promise<void> {
  await engine.createTable('warm_up', values);
  for (let time = 0; time < 2; time++) await engine.time(bulkQuery(functionName, 'warm_up'));
}
