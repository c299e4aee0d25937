import type { Engine } from '../../engine/engine.ts';

/**
 * Runs one statement in the engine's own session, where it finds the same thread and caches as the one before, and
 * returns its rows as objects.
 *
 * @throws QueryError (`QUERY_FAILED`) with ClickHouse's code; `QUERY_CANCELLED`
 */
export async function readRows<Row>(
  engine: Engine,
  sql: string,
  { params, signal }: { params?: Readonly<Record<string, string>>; signal?: AbortSignal | undefined } = {},
): Promise<Row[]> {
  const chunks: Uint8Array[] = [];
  const options = { format: 'JSONEachRow', ...(params && { params }), ...(signal && { signal }) };
  for await (const chunk of engine.stream(sql, options)) {
    chunks.push(chunk);
  }
  const lines = Buffer.concat(chunks).toString().split('\n');
  // The caller names the columns it selects; ClickHouse writes one JSON object a line.
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
}
