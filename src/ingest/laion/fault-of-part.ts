import type { Engine } from '../../engine/engine.ts';
import { QueryError } from '../../engine/query-error.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { checkPart } from './check-part.ts';
import type { CheckedPart } from './laion-part.ts';
import type { LaionTable } from './laion-table.ts';
import { readSettings, selectPart } from './select-part.ts';

/**
 * Says why a load failed if it is its part's fault, such as a file that has vanished or is damaged: then others may be
 * loaded. Where it is the disk's, or the server's, they would fail as well, and the answer is `undefined`. Which it is shows
 * in reading the part once more, into nothing: ClickHouse has dozens of codes for damaged files.
 */
export async function faultOfPart(
  error: unknown,
  part: CheckedPart,
  { reader, table, signal }: { reader: Engine; table: LaionTable; signal: AbortSignal },
): Promise<string | undefined> {
  if (signal.aborted || !(error instanceof EmbedhouseError)) return undefined;
  if (error.code === 'FORMAT_INVALID') return error.message;
  if (!(error instanceof QueryError)) return undefined;
  try {
    await checkPart(part, part.readable, reader, signal);
    await reader.run(`${selectPart(part, table)} SETTINGS ${readSettings(part)} FORMAT Null`, { signal });
  } catch (now) {
    if (!(now instanceof EmbedhouseError)) return undefined;
    if (now instanceof QueryError) return now.clickhouseName === 'MEMORY_LIMIT_EXCEEDED' ? undefined : now.message;
    if (now.code === 'FORMAT_INVALID' || now.code === 'FILE_UNUSABLE') return now.message;
  }
  return undefined;
}
