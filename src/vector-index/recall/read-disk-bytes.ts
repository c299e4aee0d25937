import type { Engine } from '../../engine/engine.ts';
import type { TableName } from '../find-table.ts';

/** Reads how large an index's files are, compressed. @throws QueryError (`QUERY_FAILED`) */
export async function readDiskBytes(
  engine: Engine,
  { database, table }: TableName,
  { index, signal }: { index: string; signal: AbortSignal },
): Promise<number> {
  const [row] = await engine.rows<{ bytes: number }>(
    `SELECT data_compressed_bytes AS bytes FROM system.data_skipping_indices
    WHERE database = {database:String} AND table = {table:String} AND name = {index:String}`,
    { params: { database, table, index }, signal },
  );
  return row?.bytes ?? 0;
}
