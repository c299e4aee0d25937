import type { Engine } from '../../engine/engine.ts';
import { QueryError } from '../../engine/query-error.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { checkPart } from './check-part.ts';
import type { CheckedPart } from './laion-part.ts';

/** What ClickHouse calls it when a file is not what it seemed to be. */
const readingFailures = new Set([
  'CANNOT_READ_ALL_DATA',
  'CANNOT_DECOMPRESS',
  'CHECKSUM_DOESNT_MATCH',
  'CORRUPTED_DATA',
  'INCORRECT_DATA',
  'ATTEMPT_TO_READ_AFTER_EOF',
  'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO',
  'ZSTD_DECODER_FAILED',
]);

/**
 * Says why a load failed if it is its part's fault, such as a file that has vanished: then others may be loaded. Where it is
 * the disk's, or the server's, they would fail as well, and the answer is `undefined`.
 */
export async function faultOfPart(error: unknown, part: CheckedPart, reader: Engine): Promise<string | undefined> {
  if (!(error instanceof EmbedhouseError) || error.code === 'QUERY_CANCELLED') return undefined;
  if (error.code === 'FORMAT_INVALID') return error.message;
  if (!(error instanceof QueryError)) return undefined;
  try {
    await checkPart(part, reader);
  } catch (now) {
    if (now instanceof EmbedhouseError && ['FORMAT_INVALID', 'FILE_UNUSABLE'].includes(now.code)) return now.message;
  }
  return readingFailures.has(error.clickhouseName) ? error.message : undefined;
}
