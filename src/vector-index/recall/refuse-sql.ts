import { QueryError } from '../../engine/query-error.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';

/**
 * Runs work in which SQL of the user's stands, and tells of a failure as one of that SQL, `what`.
 *
 * @throws EmbedhouseError `USAGE` in place of a QueryError; what else `work` throws
 */
export async function refuseSql<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof QueryError)) {
      throw error;
    }
    // The list of all tokens that could stand there helps nobody.
    const reason = error.message.replace(/\. Expected one of: .*(?= \(code)/s, '').replaceAll(/\s+/g, ' ');
    throw new EmbedhouseError('USAGE', `${what} fails: ${reason}`, { cause: error });
  }
}
